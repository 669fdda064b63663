/** What lies on the paper besides the curves: bad stretches, lead names, caret and caliper. */

import { token } from "../colours.js";

const FONT = "system-ui, sans-serif";
const LABEL_FROM_PX = 44;

/** Shade stretches of bad signal in the lanes of their leads, and say what is wrong. */
export function drawBad(context, stretches, lanes, { left, right, start_s, stop_s, x }) {
  for (const { lead, middle, height, name } of lanes) {
    let covered = left;
    for (const each of stretches) {
      if (each.stop_s < start_s || each.start_s > stop_s || (each.lead !== name && each.lead !== lead)) continue;
      const begin = Math.max(x(each.start_s), left);
      const end = Math.min(Math.max(x(each.stop_s), begin + 1), right);
      context.globalAlpha = each.kind === "missing" ? 0.3 : 0.2;
      context.fillStyle = token("bad");
      context.fillRect(begin, middle - height / 2, end - begin, height);
      context.globalAlpha = 1;
      if (end - begin < LABEL_FROM_PX || begin < covered) continue;
      context.font = `600 11px ${FONT}`;
      context.textAlign = "left";
      context.textBaseline = "alphabetic";
      context.fillStyle = token("faint");
      context.fillText(each.kind, begin + 5, middle + height / 2 - 6);
      covered = begin + 60;
    }
  }
}

/** What lies before the start and after the end is no paper. */
export function drawOutside(context, duration_s, { rows, axis }, { left, right, x }) {
  context.fillStyle = token("soft");
  const begin = x(0);
  const end = x(duration_s);
  if (begin > left) context.fillRect(left, rows, begin - left, axis - rows);
  if (end < right) context.fillRect(Math.max(end, left), rows, right - Math.max(end, left), axis - rows);
}

/** The name of a lead, and a pulse of 1 mV that shows the scale. */
export function drawGutter(context, { middle, height, name }, { mm, gain, left }) {
  context.fillStyle = token("page");
  context.fillRect(0, middle - height / 2, left, height + 1);
  context.fillStyle = token("ink");
  context.font = `600 12px ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const high = gain * mm;
  const pulse = high < height - 30;
  const nameY = pulse ? Math.max(middle - height / 2 + 12, middle - high / 2 - 12) : middle;
  context.fillText(name, 6, nameY, left - 9);
  if (!pulse) return;
  const top = nameY + 11;
  context.strokeStyle = token("faint");
  context.lineWidth = 1.2;
  context.beginPath();
  context.moveTo(6, top + high);
  context.lineTo(10, top + high);
  context.lineTo(10, top);
  context.lineTo(Math.min(10 + 5 * mm, left - 10), top);
  context.lineTo(Math.min(10 + 5 * mm, left - 10), top + high);
  context.lineTo(left - 6, top + high);
  context.stroke();
}

/** Where a beat would be added. */
export function drawCaret(context, across, { rows, axis }, { left, right }) {
  if (across < left || across > right) return;
  context.strokeStyle = token("accent");
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(Math.round(across) + 0.5, rows);
  context.lineTo(Math.round(across) + 0.5, axis);
  context.stroke();
  context.setLineDash([]);
}

/** A measured stretch: its length, the rate that it would mean, its height. */
export function drawCaliper(context, { from_s, to_s, fromY, toY }, { x, left }, perMv) {
  const begin = Math.min(x(from_s), x(to_s));
  const end = Math.max(x(from_s), x(to_s));
  const seconds = Math.abs(to_s - from_s);
  context.globalAlpha = 0.14;
  context.fillStyle = token("accent");
  context.fillRect(begin, Math.min(fromY, toY), end - begin, Math.abs(toY - fromY));
  context.globalAlpha = 1;
  context.strokeStyle = token("accent");
  context.lineWidth = 1;
  context.strokeRect(begin + 0.5, Math.min(fromY, toY) + 0.5, end - begin, Math.abs(toY - fromY));
  const rate = seconds > 0.2 && seconds < 6 ? ` · ${Math.round(60 / seconds)} bpm` : "";
  const text = `${seconds < 10 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`}${rate} · ${(Math.abs(toY - fromY) / perMv).toFixed(2)} mV`;
  context.font = `600 12px ${FONT}`;
  const wide = context.measureText(text).width + 14;
  const across = Math.max(begin + (end - begin) / 2 - wide / 2, left + 2);
  const top = Math.max(Math.min(fromY, toY) - 26, 66);
  context.fillStyle = token("accent");
  context.beginPath();
  context.roundRect(across, top, wide, 21, 5);
  context.fill();
  context.fillStyle = token("page");
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, across + 7, top + 11);
}

/** Say that there are more leads below. */
export function drawMore(context, lanes, { axis, lane }, { right }) {
  const hidden = lanes.filter(({ middle }) => middle > axis - lane * 0.2).length;
  if (!hidden) return;
  const text = `${hidden} more lead${hidden === 1 ? "" : "s"} ↓`;
  context.font = `600 12px ${FONT}`;
  const wide = context.measureText(text).width + 20;
  context.fillStyle = token("ink");
  context.globalAlpha = 0.82;
  context.beginPath();
  context.roundRect(right - wide - 18, axis - 32, wide, 23, 12);
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = token("page");
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, right - wide - 8, axis - 20);
}
