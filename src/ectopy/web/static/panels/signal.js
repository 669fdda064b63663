// Pieces of the signal itself, from the finest tiles of the strip.

const BINS = 1024;

/**
 * The analysed lead from `first` up to but not including `stop` samples, in mV: `{first, mv}`,
 * cut at the ends of the recording, NaN where the signal is missing.
 */
export async function signalOf(app, first, stop, signal) {
  const { id, lead, recording } = app.store.analysis;
  const number = recording.leads.indexOf(lead);
  const from = Math.max(Math.floor(first), 0);
  const to = Math.min(Math.ceil(stop), recording.n_samples);
  const tiles = [];
  for (let k = Math.floor(from / BINS); k * BINS < to; k += 1) {
    tiles.push(app.api.tile(id, number, 0, k, { signal }).then((pairs) => [k, pairs]));
  }
  const mv = new Float64Array(Math.max(to - from, 0)).fill(NaN);
  for (const [k, pairs] of await Promise.all(tiles)) {
    for (let bin = 0; 2 * bin < pairs.length; bin += 1) {
      const at = k * BINS + bin - from;
      if (at >= 0 && at < mv.length) mv[at] = pairs[2 * bin];
    }
  }
  return { first: from, mv };
}
