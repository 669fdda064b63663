// ECG paper as SVG: 25 mm/s and 10 mm/mV, with the lines that everybody counts by.

import { svg } from "./dom.js";

/** Gains that people know, in mm for a mV, the usual one first choice. */
const GAINS = [20, 10, 5, 2.5, 1.25];

/** A range of mV that ends on large squares, and the gain at which it is drawn. */
export function paperRange(low, high, { most = 45, usual = 10 } = {}) {
  const gain = GAINS.filter((g) => g <= usual).find((g) => (high - low) * g <= most)
    ?? GAINS[GAINS.length - 1];
  const step = 5 / gain;
  const bottom = Math.floor(low / step + 0.05) * step;
  const top = Math.max(Math.ceil(high / step - 0.05) * step, bottom + 2 * step);
  return { bottom, top, gain };
}

/**
 * A sheet from `from` to `to` seconds and over a `paperRange`, `mm` pixels to the mm: gives the
 * size, `x(seconds)`, `y(mV)` and the lines as elements.
 */
export function sheet({ from, to, range, mm, speed = 25 }) {
  const { bottom, top, gain } = range;
  const width = (to - from) * speed * mm;
  const height = (top - bottom) * gain * mm;
  const x = (seconds) => (seconds - from) * speed * mm;
  const y = (mv) => (top - mv) * gain * mm;
  const lines = (every, seconds, millivolts) => {
    let d = "";
    const dt = seconds * every;
    for (let k = Math.ceil(from / dt - 1e-6); k * dt <= to + 1e-9; k += 1) {
      d += `M${x(k * dt).toFixed(2)} 0V${height.toFixed(2)}`;
    }
    const dv = millivolts * every;
    for (let k = Math.ceil(bottom / dv - 1e-6); k * dv <= top + 1e-9; k += 1) {
      d += `M0 ${y(k * dv).toFixed(2)}H${width.toFixed(2)}`;
    }
    return d;
  };
  const grid = [
    svg("rect", { class: "pn-sheet", width, height }),
    mm >= 3 ? svg("path", { class: "pn-mm", d: lines(1, 1 / speed, 1 / gain) }) : null,
    svg("path", { class: "pn-cm", d: lines(5, 1 / speed, 1 / gain) }),
  ];
  return { width, height, x, y, grid };
}

/** The path of a curve, with gaps where a value is not known. */
export function curve(times, values, x, y) {
  let d = "";
  let pen = false;
  for (let k = 0; k < times.length; k += 1) {
    const value = values[k];
    if (value === null || !Number.isFinite(value)) {
      pen = false;
      continue;
    }
    d += `${pen ? "L" : "M"}${x(times[k]).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = true;
  }
  return d;
}

/** The path of the area between two curves that are known together. */
export function area(times, low, high, x, y) {
  const known = times.map((_, k) => k).filter((k) => low[k] !== null && high[k] !== null);
  if (!known.length) return "";
  const up = known.map((k) => `${x(times[k]).toFixed(1)} ${y(high[k]).toFixed(1)}`);
  const down = known.reverse().map((k) => `${x(times[k]).toFixed(1)} ${y(low[k]).toFixed(1)}`);
  return `M${up.join("L")}L${down.join("L")}Z`;
}
