/**
 * The beats of the strip: a letter each, or how many of each class where they lie too close.
 *
 * A row's letters tell by their form as well as by their colour: plain for a sure N, filled for a
 * sure ectopic beat, hollow with "?" where the model would rather not say, with a corner where a
 * person named the beat. The bar below a letter is as long as the model was sure.
 */

import { token } from "../colours.js";
import { CLASSES } from "../store.js";

export const ROW_PX = 42;
export const READER_ROW_PX = 24;

/** Beats closer than this on average are drawn as density. */
const LETTERS_FROM_PX = 7;
const BARS_FROM_PX = 20;
const RR_FROM_PX = 54;
const BIN_PX = 3;
const FONT = "system-ui, sans-serif";

/** Whether the beats of a stretch are far enough apart for letters, and how far. */
export function spacing(beats, start_s, stop_s, pxPerS) {
  const [from, to] = beats.range(start_s, stop_s);
  const width = (Math.min(stop_s, beats.time_s[to - 1] ?? 0) - Math.max(start_s, beats.time_s[from] ?? 0)) * pxPerS;
  const apart = to - from > 1 ? width / (to - from - 1) : Infinity;
  return { from, to, apart, letters: apart >= LETTERS_FROM_PX };
}

/** Upright lines through all leads at beats that stand out, and the band of the selected one. */
export function drawGuides(context, beats, { from, to, letters }, selected, { top, bottom, left, right, x, pxPerS }) {
  if (selected >= 0) {
    const across = x(beats.time_s[selected]);
    const half = Math.max(Math.min(0.3 * pxPerS, 60), 5);
    const begin = Math.max(across - half, left);
    if (across + half > left && begin < right) {
      context.globalAlpha = 0.55;
      context.fillStyle = token("band");
      context.fillRect(begin, top, Math.min(across + half, right) - begin, bottom - top);
      context.globalAlpha = 1;
    }
  }
  if (!letters) return;
  context.save();
  context.setLineDash([3, 4]);
  context.lineWidth = 1;
  context.globalAlpha = 0.55;
  for (let code = 1; code < CLASSES.length; code++) {
    context.strokeStyle = token(CLASSES[code]);
    context.beginPath();
    for (let i = from; i < to; i++) {
      if (beats.code[i] !== code) continue;
      const across = Math.round(x(beats.time_s[i])) + 0.5;
      if (across < left) continue;
      context.moveTo(across, top + ROW_PX - 2);
      context.lineTo(across, bottom);
    }
    context.stroke();
  }
  context.restore();
}

/** The row of our letters. */
export function drawLetters(context, beats, { from, to, apart }, selected, { top, left, x }) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  const size = apart >= 14 ? 13 : 11;
  for (let i = from; i < to; i++) {
    const across = x(beats.time_s[i]);
    if (across < left - 2) continue;
    if (i === selected) ring(context, across, top, apart);
    letter(context, beats, i, { across, middle: top + 15, size, apart });
    if (apart >= BARS_FROM_PX) bar(context, beats, i, across, top + 29);
    if (i > 0) interval(context, beats, i, across, top + 15, x);
  }
}

function letter(context, beats, i, { across, middle, size, apart }) {
  const label = beats.label(i);
  const colour = token(label);
  const unsure = beats.abstained[i] === 1;
  const plain = label === "N" && !unsure;
  if (plain && apart < 11 && !beats.edited[i]) {
    context.fillStyle = colour;
    context.fillRect(Math.round(across) - 0.5, middle - 3, 1.5, 6);
    return;
  }
  const half = Math.min(unsure && apart >= 22 ? 12 : 9, Math.max(apart / 2, 5));
  if (!plain) {
    context.beginPath();
    context.roundRect(across - half, middle - 10, 2 * half, 20, 4);
    if (unsure) {
      context.fillStyle = token("page");
      context.fill();
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.setLineDash([3, 2]);
      context.stroke();
      context.setLineDash([]);
    } else {
      context.fillStyle = colour;
      context.fill();
    }
  }
  context.font = `700 ${size}px ${FONT}`;
  context.fillStyle = plain || unsure ? colour : token("on");
  context.fillText(unsure && apart >= 22 ? `${label}?` : label, across, middle + 0.5);
  if (beats.edited[i]) corner(context, across + (plain ? 7 : half), middle - 10);
}

/** A corner folded over: a person named this beat. */
function corner(context, right, top) {
  context.fillStyle = token("ink");
  context.beginPath();
  context.moveTo(right - 6, top);
  context.lineTo(right + 1, top);
  context.lineTo(right + 1, top + 7);
  context.fill();
}

function bar(context, beats, i, across, top) {
  const sure = beats.confidence[i];
  if (!(sure >= 0)) return;
  context.fillStyle = token("rule");
  context.fillRect(across - 8, top, 16, 3);
  context.fillStyle = token(beats.label(i));
  context.fillRect(across - 8, top, 16 * sure, 3);
}

function interval(context, beats, i, across, middle, x) {
  const rr = beats.rr_s[i];
  if (!(rr > 0) || across - x(beats.time_s[i - 1]) < RR_FROM_PX) return;
  context.font = `11px ${FONT}`;
  context.fillStyle = token("faint");
  context.fillText(rr.toFixed(2), (across + x(beats.time_s[i - 1])) / 2, middle + 0.5);
}

function ring(context, across, top, apart) {
  const half = Math.max(Math.min(14, apart), 8);
  context.strokeStyle = token("ink");
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(across - half, top + 2, 2 * half, 26, 6);
  context.stroke();
}

/** Classes that get a lane: those other than N that occur. */
function lanes(beats) {
  if (!beats.lanes) {
    const counts = beats.counts();
    beats.lanes = [1, 2, 3, 4].filter((code) => counts[CLASSES[code]]);
  }
  return beats.lanes;
}

/** How many beats of each class but N lie where, one lane a class. */
export function drawDensity(context, beats, { from, to }, selected, { top, left, right, x, start_s, pxPerS }) {
  const bin_s = BIN_PX / pxPerS;
  const origin = Math.floor(start_s / bin_s);
  const bins = Math.ceil((right - left) / BIN_PX) + 2;
  const counts = CLASSES.map(() => new Uint16Array(bins));
  const all = new Uint16Array(bins);
  for (let i = from; i < to; i++) {
    const bin = Math.floor(beats.time_s[i] / bin_s) - origin;
    if (bin < 0 || bin >= bins) continue;
    all[bin]++;
    counts[beats.code[i]][bin]++;
  }
  const shown = lanes(beats);
  const high = (ROW_PX - 4) / Math.max(shown.length, 2);
  shown.forEach((code, k) => {
    context.fillStyle = token(CLASSES[code]);
    const bottom = top + 2 + high * (k + 1);
    for (let bin = 0; bin < bins; bin++) {
      if (!counts[code][bin]) continue;
      const height = 3 + (high - 4) * Math.sqrt(counts[code][bin] / all[bin]);
      const across = x((origin + bin) * bin_s);
      if (across + BIN_PX > left) context.fillRect(Math.max(across, left), bottom - height, BIN_PX - 0.5, height);
    }
  });
  if (selected >= 0) pointer(context, x(beats.time_s[selected]), top, left, right);
}

function pointer(context, across, top, left, right) {
  if (across < left || across > right) return;
  context.fillStyle = token("ink");
  context.beginPath();
  context.moveTo(across - 6, top);
  context.lineTo(across + 6, top);
  context.lineTo(across, top + 8);
  context.fill();
}

/** The letters of the classes at the left of the density lanes. */
export function drawDensityKey(context, beats, { top, left }) {
  const shown = lanes(beats);
  const high = (ROW_PX - 4) / Math.max(shown.length, 2);
  context.font = `700 ${Math.min(high + 0.5, 12)}px ${FONT}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  shown.forEach((code, k) => {
    context.fillStyle = token(CLASSES[code]);
    context.fillText(CLASSES[code], left - 7, top + 2 + high * (k + 0.5));
  });
}

/** The row of the second reader's letters; where the two disagree the ground is marked. */
export function drawReader(context, reader, { top, left, right, x, start_s, stop_s, pxPerS }) {
  const { beats, disagreements } = reader;
  const found = spacing(beats, start_s, stop_s, pxPerS);
  context.fillStyle = token("caution-edge");
  const half = Math.max(Math.min(11, found.apart / 2), 1.5);
  for (const each of disagreements) {
    if (each.time_s < start_s || each.time_s > stop_s) continue;
    const across = x(each.time_s);
    context.globalAlpha = 0.4;
    context.fillRect(across - half, top + 1, 2 * half, READER_ROW_PX - 2);
    context.globalAlpha = 1;
    context.fillRect(across - half, top + READER_ROW_PX - 3, 2 * half, 2);
  }
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `${found.apart >= 14 ? "600 13" : "600 11"}px ${FONT}`;
  for (let i = found.from; i < found.to; i++) {
    const across = x(beats.time_s[i]);
    if (across < left) continue;
    context.fillStyle = token(beats.label(i));
    if (found.letters && (beats.code[i] || found.apart >= 11)) {
      context.fillText(beats.label(i), across, top + READER_ROW_PX / 2);
    } else if (found.letters || beats.code[i]) {
      context.fillRect(across - 0.75, top + 6, 1.5, READER_ROW_PX - 12);
    }
  }
  context.fillStyle = token("rule");
  context.fillRect(left, top, right - left, 1);
}
