/** The time axis: clock time where the start is known, else time from the start. */

import { token } from "../colours.js";
import { clock, clockOrigin, date, elapsed } from "../format.js";

const STEPS = [
  0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  10800, 21600, 43200, 86400, 172800, 604800,
];
const APART_PX = 92;

/** Times and texts of the marks of a stretch. */
export function ticks({ start_s, stop_s, pxPerS, total_s, start }) {
  const step = STEPS.find((each) => each * pxPerS >= APART_PX) ?? STEPS.at(-1);
  const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  const origin = clockOrigin(start);
  const known = !Number.isNaN(origin);
  const phase = known ? (origin / 1000) % step : 0;
  const found = [];
  const first = Math.ceil((Math.max(start_s, 0) + phase) / step - 1e-6);
  for (let k = first; ; k++) {
    const time_s = k * step - phase;
    if (time_s > Math.min(stop_s, total_s) + 1e-6) break;
    if (time_s < -1e-6) continue;
    const text = known ? clock(time_s, start, digits) : elapsed(time_s, total_s, digits);
    const midnight = known && /^00:00:00(\.0+)?$/.test(text);
    found.push({ time_s, text: midnight ? date(time_s, start) : text, strong: midnight });
  }
  return found;
}

export function drawAxis(context, marks, { left, right, top, bottom, x }) {
  context.fillStyle = token("page");
  context.fillRect(0, top, right, bottom - top);
  context.fillStyle = token("rule");
  context.fillRect(0, top, right, 1);
  context.textBaseline = "middle";
  context.textAlign = "center";
  let free = left;
  for (const { time_s, text, strong } of marks) {
    const across = x(time_s);
    if (across < left - 0.5) continue;
    context.fillStyle = token("edge") || token("faint");
    context.fillRect(Math.round(across), top, 1, 5);
    context.font = `${strong ? "600 " : ""}12px system-ui, sans-serif`;
    const half = context.measureText(text).width / 2;
    const middle = Math.min(Math.max(across, left + half + 2), right - half - 4);
    if (middle - half < free) continue;
    context.fillStyle = strong ? token("ink") : token("faint");
    context.fillText(text, middle, (top + bottom) / 2 + 3);
    free = middle + half + 10;
  }
}
