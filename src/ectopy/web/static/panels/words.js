// What the panels say beyond the formats of the whole viewer.

import { number } from "../format.js";

export {
  clock, clockOrigin, count, duration, elapsed, number, probability, share,
} from "../format.js";
export { CLASSES } from "../store.js";
export { NAMES } from "../colours.js";

export const SHORT = {
  N: "normal", S: "supraventricular", V: "ventricular", F: "fusion", Q: "paced or unclear",
};

const NBSP = "\u00a0";

/** A rate with its unit. */
export function bpm(value) {
  return value === null || !Number.isFinite(value) ? "–" : `${number(value)}${NBSP}bpm`;
}

/** Seconds with their unit. */
export function seconds(value, digits = 2) {
  return Number.isFinite(value) ? `${value.toFixed(digits)}${NBSP}s` : "–";
}

/** Milliseconds, from seconds. */
export function ms(value) {
  return Number.isFinite(value) ? `${number(value * 1000)}${NBSP}ms` : "–";
}

const KINDS = {
  run: "run", couplet: "couplet", bigeminy: "bigeminy", trigeminy: "trigeminy", pause: "pause",
  fastest: "fastest stretch", slowest: "slowest stretch",
};

/** The name of an episode, such as "Ventricular run". */
export function episodeName(kind, label) {
  const what = KINDS[kind] || kind;
  const whose = label === "V" ? "ventricular " : label === "S" ? "supraventricular " : "";
  return capital(whose + what);
}

/** The text with a capital letter in front. */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A number with its sign, a true minus. */
export function signed(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? "−" : "+") + text;
}
