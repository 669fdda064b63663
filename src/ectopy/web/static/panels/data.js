// What several panels ask of the server, asked once for each version of the beats.

const known = new WeakMap();

/** The overview of the open analysis, see docs/web-api.md. */
export async function overview(app, signal) {
  const { id, version } = app.store.analysis;
  const key = `${id} ${version}`;
  const kept = known.get(app);
  if (kept?.key === key) return kept.answer;
  const answer = await app.api.overview(id, { signal });
  known.set(app, { key, answer });
  return answer;
}

/** Stretches of poor signal in the analysed lead, in time order. */
export async function poorStretches(app, signal) {
  const { id, lead, recording } = app.store.analysis;
  const { stretches } = await app.api.quality(id, { signal });
  const number = recording.leads.indexOf(lead);
  return stretches.filter((each) => each.lead === lead || each.lead === number)
    .sort((a, b) => a.start_s - b.start_s);
}

/** Join stretches that overlap; gives their length together in seconds. */
export function covered(stretches) {
  let [total, end] = [0, -Infinity];
  for (const each of stretches) {
    total += Math.max(each.stop_s - Math.max(each.start_s, end), 0);
    end = Math.max(end, each.stop_s);
  }
  return total;
}
