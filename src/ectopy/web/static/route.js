/** The address: `#/a/<analysis>?tab=…&t=…&scale=…&beat=…`, or `#/` for the first page. */

/** What the address says: `{id, tab, start_s, pxPerS, beat}`, undefined where it says nothing. */
export function readRoute(hash = window.location.hash) {
  const [path, query = ""] = hash.slice(1).split("?");
  const [, kind, id] = path.split("/");
  if (kind !== "a" || !id) return {};
  const given = new URLSearchParams(query);
  const value = (name) => (given.has(name) && Number.isFinite(Number(given.get(name))) ? Number(given.get(name)) : undefined);
  return { id: decodeURIComponent(id), tab: given.get("tab") ?? undefined, start_s: value("t"), pxPerS: value("scale"), beat: value("beat") };
}

/** Keep where we are in the address, without a step in the history. */
export function writeRoute({ id, tab, start_s, pxPerS, beat }) {
  const query = new URLSearchParams({ t: start_s.toFixed(3), scale: pxPerS.toPrecision(6) });
  if (tab) query.set("tab", tab);
  if (beat !== null && beat !== undefined) query.set("beat", beat);
  history.replaceState(null, "", `#/a/${encodeURIComponent(id)}?${query}`);
}
