/** Stepping through the recording: the next beat of a kind, the one before. */

import { NAMES } from "./colours.js";
import { CLASSES } from "./store.js";

/** What can be stepped through: key, text, and its letter on the keyboard. */
export const KINDS = Object.freeze([
  ["any", "any beat"],
  ...CLASSES.map((label) => [label, `${label} · ${NAMES[label]}`]),
  ["unsure", "unsure"],
  ["edited", "edited by you"],
  ["disagreement", "disagreement"],
]);

/** Names of kinds for "no further …". */
export const kindName = (kind) =>
  ({ any: "beat", edited: "beat edited by you", disagreement: "disagreement" })[kind] ?? `${kind} beat`;

/**
 * The next (`step` 1) or previous (−1) of a kind from a time on: `{time_s, id}` or null.
 *
 * While the second reader reads blind, classes are those of the second reader.
 */
export function findBeat(store, kind, from_s, step) {
  if (kind === "disagreement") return findDisagreement(store, from_s, step);
  const hidden = store.blind && store.reader;
  const beats = hidden ? store.reader.beats : store.beats;
  const fits = test(beats, kind);
  const near = 1e-6;
  let i = step > 0 ? beats.firstAt(from_s + near) : beats.firstAt(from_s - near) - 1;
  for (; i >= 0 && i < beats.n; i += step) {
    if (fits(i)) return { time_s: beats.time_s[i], id: hidden ? null : beats.id[i] };
  }
  return null;
}

function test(beats, kind) {
  if (kind === "any") return () => true;
  if (kind === "unsure") return (i) => beats.abstained[i] === 1;
  if (kind === "edited") return (i) => beats.edited[i] === 1;
  const code = CLASSES.indexOf(kind);
  return (i) => beats.code[i] === code;
}

function findDisagreement({ reader, blind }, from_s, step) {
  const found = (reader && !blind ? reader.disagreements : []).filter(({ time_s }) =>
    step > 0 ? time_s > from_s + 1e-6 : time_s < from_s - 1e-6,
  );
  const next = step > 0 ? found[0] : found.at(-1);
  return next ? { time_s: next.time_s, id: next.id } : null;
}
