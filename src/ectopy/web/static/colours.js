/** The classes' colours and names. The colours are the tokens of style.css, light or dark. */

import { CLASSES } from "./store.js";

export const NAMES = Object.freeze({
  N: "normal or bundle branch block",
  S: "supraventricular ectopic",
  V: "ventricular ectopic",
  F: "fusion of ventricular and normal",
  Q: "paced or unclassifiable",
});

/** A path in units of about one pixel around 0,0 for each class: told apart without colour. */
export const MARKS = Object.freeze({
  N: "m-2.2 0a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0-4.4 0",
  S: "m0-5l4.6 8.4h-9.2z",
  V: "m-3.6-3.6h7.2v7.2h-7.2z",
  F: "m0-5.2l5.2 5.2-5.2 5.2-5.2-5.2z",
  Q: "m-4-4l8 8m0-8l-8 8",
});

let known = null;

/** Forget the colours, as the theme changed. */
export function forget() {
  known = null;
}

/** The value of a token of style.css, without its dashes: `token("V")`, `token("ink")`. */
export function token(name) {
  if (known === null) {
    const style = getComputedStyle(document.documentElement);
    known = new Map();
    const names = [...CLASSES, "page", "ink", "faint", "rule", "soft", "on", "accent", "caution"];
    names.push("caution-edge", "paper", "mm", "cm", "trace", "bad", "band", "reader");
    for (const each of names) known.set(each, style.getPropertyValue(`--${each}`).trim());
  }
  return known.get(name) ?? "";
}

/** A little element that shows a class: its letter on its colour. */
export function badge(label) {
  const element = document.createElement("span");
  element.className = `badge ${label}`;
  element.textContent = label;
  element.title = NAMES[label] ?? label;
  return element;
}
