/**
 * The strip: all leads on ECG paper, their beats, and the time; panned and zoomed.
 *
 * Its state is the time at the left edge and the pixels of a second; everything is drawn anew in
 * one animation frame after something changed.
 */

import { token } from "../colours.js";
import { clock, elapsed } from "../format.js";
import { drawAxis, ticks } from "./axis.js";
import {
  READER_ROW_PX, ROW_PX, drawDensity, drawDensityKey, drawGuides, drawLetters, drawReader, spacing,
} from "./beats.js";
import { listen } from "./input.js";
import { drawBad, drawCaliper, drawCaret, drawGutter, drawMore, drawOutside } from "./marks.js";
import { GUTTER_PX, Moving } from "./moving.js";
import { Paper } from "./paper.js";
import { extent, traceCurve, valueAt } from "./trace.js";

export const SPEEDS = Object.freeze([25, 50]);
export const GAINS = Object.freeze([5, 10, 20]);

const AXIS_PX = 26;
const LEAST_LANE_PX = 72;
const MOST_LANE_MM = 60;
const PICK_PX = 26;
const BEFORE_R_S = 0.12;
const AFTER_R_S = 0.24;
const EASE = 0.3;
const SETTLE_MS = 140;

export class Strip extends Moving {
  /** `on` are listeners: `view(start_s, stop_s)`, `pick(time_s, near)`, `hover(text)`, `frame(ms)`. */
  constructor(host, store, on) {
    super();
    this.host = host;
    this.store = store;
    this.on = on;
    this.gain = 10;
    this.leads = [];
    this.stretches = [];
    this.caret_s = null;
    this.caliper = null;
    this.tiles = null;
    this._moving = false;
    this._drawnAt = 0;
    this._settling = 0;
    this._bases = new Map();
    this._paper = new Paper();
    this._frame = 0;
    this._height = 0;
    this._ratio = 1;
    this._canvas = document.createElement("canvas");
    this._canvas.setAttribute("aria-hidden", "true");
    this._spacer = document.createElement("div");
    this._spacer.className = "spacer";
    host.append(this._spacer);
    this._spacer.append(this._canvas);
    new ResizeObserver(() => this._resize()).observe(host);
    host.addEventListener("scroll", () => this.redraw());
    listen(host, this);
  }

  /** Show a recording: its facts, its tiles; `shown` are the numbers of the leads to draw. */
  open(recording, tiles, shown) {
    this.recording = recording;
    this.tiles?.close();
    this.tiles = tiles;
    this.leads = shown;
    this.stretches = [];
    this.caret_s = null;
    this.caliper = null;
    this._bases.clear();
    this._motion.stop();
    this._resize();
    this.setSpeed(25, 0);
  }

  close() {
    this.tiles?.close();
    this.tiles = null;
    this.recording = null;
  }

  /** Whether the curves of the stretch in view are drawn from tiles of their own level. */
  get drawn() {
    if (!this.tiles || this._frame) return false;
    const { level, tiles } = this;
    const [first, last] = tiles.span(level, this.start_s * tiles.fs, this.stop_s * tiles.fs);
    for (let index = first; index <= last; index++) if (!tiles.held(level, index)) return false;
    return true;
  }

  /** The values of what is drawn lie at most so many samples from each other, as 2^level. */
  get level() {
    return this.tiles.levelFor(this.seconds * this.tiles.fs);
  }

  setGain(gain) {
    this.gain = gain;
    this._resize();
  }

  setMillimetre(px) {
    const speed = this.speed;
    this.mm = px;
    this.place(this.start_s, speed * px);
    this._resize();
  }

  setLeads(shown) {
    this.leads = shown;
    this._resize();
  }

  // Pointing

  pick(x, y) {
    if (!this.recording || x < GUTTER_PX) return;
    const time_s = this.time(x);
    this.caliper = null;
    this.caret_s = Math.min(Math.max(time_s, 0), this.duration_s);
    this.on.pick?.(this.caret_s, PICK_PX / this.pxPerS);
    this.redraw();
  }

  hover(x, y) {
    const inside = x !== null && x >= GUTTER_PX && this.recording;
    this.on.hover?.(inside ? this._reading(x, y) : "");
  }

  /** Measure from one place to another. */
  measure(from, to) {
    const lane = this._laneAt(from.y);
    this.caliper = { from_s: this.time(from.x), to_s: this.time(to.x), fromY: from.y, toY: to.y, lane };
    this.redraw();
  }

  _reading(x, y) {
    const time_s = this.time(x);
    if (time_s < 0 || time_s > this.duration_s) return "";
    const start = this.recording.start;
    const at = start ? clock(time_s, start, 2) : elapsed(time_s, this.duration_s, 2);
    const lead = this.leads[this._laneAt(y)];
    if (lead === undefined || !this.tiles) return at;
    const mv = valueAt(this.tiles, lead, this.level, time_s);
    const value = Number.isFinite(mv) && this.level < 3 ? ` · ${mv.toFixed(2)} mV` : "";
    const name = this.recording.leads[lead];
    const bad = this.stretches.find((each) => each.lead === name && each.start_s <= time_s && time_s < each.stop_s);
    return `${at} · ${name}${value}${bad ? ` · ${bad.kind}` : ""}`;
  }

  // Drawing

  /** Draw anew in the next frame. */
  redraw() {
    if (this._frame) return;
    this._frame = requestAnimationFrame((now) => {
      this._frame = 0;
      this._motion.step(now);
      const begun = performance.now();
      this._draw();
      this.on.frame?.(performance.now() - begun);
      if (this._motion.going) this.redraw();
    });
  }

  /** Forget what was drawn in the other theme's colours. */
  retheme() {
    this._paper.forget();
    this.redraw();
  }

  /** Where the rows, lanes and the axis are, in CSS pixels from the top. */
  get _layout() {
    const rows = ROW_PX + (this.store.reader ? READER_ROW_PX : 0);
    const axis = this._height - AXIS_PX;
    const n = Math.max(this.leads.length, 1);
    const least = Math.max(LEAST_LANE_PX, 1.6 * this.gain * this.mm);
    const lane = Math.max(Math.min((axis - rows) / n, MOST_LANE_MM * this.mm), Math.min(least, axis - rows));
    return { rows, axis, lane, content: rows + n * lane + AXIS_PX };
  }

  _laneAt(y) {
    const { rows, axis, lane } = this._layout;
    if (y < rows || y > axis) return -1;
    return Math.floor((y - rows + this.host.scrollTop) / lane);
  }

  _resize() {
    const { clientWidth, clientHeight } = this.host;
    if (!clientWidth || !clientHeight) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    const before = this._width;
    this._width = clientWidth;
    this._height = clientHeight;
    this._ratio = ratio;
    const canvas = this._canvas;
    if (canvas.width !== Math.round(clientWidth * ratio) || canvas.height !== Math.round(clientHeight * ratio)) {
      canvas.width = Math.round(clientWidth * ratio);
      canvas.height = Math.round(clientHeight * ratio);
      canvas.style.width = `${clientWidth}px`;
      canvas.style.height = `${clientHeight}px`;
    }
    this._spacer.style.height = `${Math.floor(Math.max(this._layout.content, clientHeight))}px`;
    if (this.recording && before) this.place(this.start_s);
    this.redraw();
  }

  _draw() {
    if (!this.recording || !this._width) return;
    this._noteMoving();
    const context = (this._context ??= this._canvas.getContext("2d", { alpha: false }));
    context.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
    const layout = this._layout;
    const left = GUTTER_PX;
    const right = this._width;
    const x = (time_s) => this.x(time_s);
    const frame = {
      left, right, top: 0, bottom: layout.axis, x, start_s: this.start_s, stop_s: this.stop_s, pxPerS: this.pxPerS,
    };
    context.fillStyle = token("page");
    context.fillRect(0, 0, right, this._height);
    this._paper.draw(context, {
      left, top: layout.rows, width: right - left, height: layout.axis - layout.rows,
      start_s: this.start_s, pxPerS: this.pxPerS, mm: this.mm, ratio: this._ratio,
      originY: layout.rows + layout.lane / 2 - this.host.scrollTop,
    });
    const ours = this._ours();
    this._drawLeads(context, layout, frame, ours);
    this._drawRows(context, layout, frame, ours);
    const marks = ticks({ ...frame, total_s: this.duration_s, start: this.recording.start });
    drawAxis(context, marks, { left, right, top: layout.axis, bottom: this._height, x });
    this._wantTiles();
  }

  /** Whether the view moved since the last frame, or a moment ago; if so, draw once more at rest. */
  _noteMoving() {
    const now = performance.now();
    this._moving = this._moved > this._drawnAt || now - this._moved < SETTLE_MS;
    this._drawnAt = now;
    clearTimeout(this._settling);
    if (this._moving) this._settling = setTimeout(() => this.redraw(), SETTLE_MS + 20);
  }

  /** Our beats in view, unless the second reader reads blind. */
  _ours() {
    const { beats, blind, selectedIndex } = this.store;
    if (blind || !beats.n) return null;
    return { beats, selected: selectedIndex, ...spacing(beats, this.start_s - 0.3, this.stop_s + 0.3, this.pxPerS) };
  }

  _drawRows(context, layout, frame, ours) {
    context.fillStyle = token("page");
    context.fillRect(0, 0, this._width, layout.rows);
    if (ours) {
      if (ours.letters) drawLetters(context, ours.beats, ours, ours.selected, frame);
      else drawDensity(context, ours.beats, ours, ours.selected, frame);
    }
    if (this.store.reader) drawReader(context, this.store.reader, { ...frame, top: ROW_PX });
    context.fillStyle = token("page");
    context.fillRect(0, 0, GUTTER_PX, layout.rows);
    context.fillStyle = token("faint");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "left";
    context.textBaseline = "middle";
    if (ours && !ours.letters) drawDensityKey(context, ours.beats, { top: 0, left: GUTTER_PX });
    else context.fillText(this.store.blind ? "hidden" : "beats", 6, 15);
    if (this.store.reader) context.fillText("reader", 6, ROW_PX + READER_ROW_PX / 2);
    context.fillStyle = token("rule");
    context.fillRect(0, layout.rows - 1, this._width, 1);
  }

  _drawLeads(context, layout, frame, ours) {
    context.save();
    context.beginPath();
    context.rect(0, layout.rows, this._width, layout.axis - layout.rows);
    context.clip();
    const lanes = this.leads.map((lead, k) => ({
      lead, middle: layout.rows + (k + 0.5) * layout.lane - this.host.scrollTop, height: layout.lane,
      name: this.recording.leads[lead],
    }));
    const seen = lanes.filter(({ middle, height }) => middle + height / 2 > layout.rows && middle - height / 2 < layout.axis);
    drawBad(context, this.stretches, seen, frame);
    if (ours) drawGuides(context, ours.beats, ours, ours.selected, { ...frame, top: layout.rows - ROW_PX });
    if (this.caret_s !== null) drawCaret(context, this.x(this.caret_s), layout, frame);
    for (const lane of seen) this._drawLead(context, lane, frame, ours);
    drawOutside(context, this.duration_s, layout, frame);
    for (const lane of seen) drawGutter(context, lane, { mm: this.mm, gain: this.gain, left: GUTTER_PX });
    if (this.caliper) drawCaliper(context, this.caliper, frame, this.gain * this.mm);
    drawMore(context, lanes, layout, frame);
    context.restore();
  }

  _drawLead(context, { lead, middle, height }, frame, ours) {
    const perMv = this.gain * this.mm;
    const level = this.level;
    const base = this._base(lead, level, height);
    const y = (mv) => middle - (mv - base) * perMv;
    context.save();
    context.beginPath();
    context.rect(frame.left, middle - height * 0.95, frame.right - frame.left, height * 1.9);
    context.clip();
    context.lineJoin = "bevel";
    context.lineWidth = level > 3 ? 1 / this._ratio : this._pen(1.3);
    context.globalAlpha = level > 3 ? 0.72 : 1;
    context.strokeStyle = token("trace");
    context.beginPath();
    traceCurve(context, this.tiles, lead, level, this.start_s, this.stop_s, frame.x, y);
    context.stroke();
    if (ours?.letters) this._colourBeats(context, lead, level, frame, y, ours);
    context.restore();
  }

  _colourBeats(context, lead, level, frame, y, { beats, from, to }) {
    context.lineWidth = this._pen(2);
    for (let code = 1; code < 5; code++) {
      context.strokeStyle = token("NSVFQ"[code]);
      context.beginPath();
      for (let i = from; i < to; i++) {
        if (beats.code[i] !== code) continue;
        const at = beats.time_s[i];
        traceCurve(context, this.tiles, lead, level, at - BEFORE_R_S, at + AFTER_R_S, frame.x, y);
      }
      context.stroke();
    }
  }

  /** The value at the middle of a lane; follows the signal softly, so that it stays in its lane. */
  _base(lead, level, height) {
    const found = extent(this.tiles, lead, level, this.start_s, this.stop_s);
    const before = this._bases.get(lead);
    if (!found) return before ?? 0;
    const aim = middleOf(found, (0.92 * height) / 2 / (this.gain * this.mm));
    let now = aim;
    if (before !== undefined) {
      const far = Math.abs(aim - before) * this.gain * this.mm > 0.5;
      now = far ? before + (aim - before) * EASE : before;
      if (far) this.redraw();
    }
    this._bases.set(lead, now);
    return now;
  }

  /** Ask for the tiles in view, then for their neighbours and what lies above them. */
  _wantTiles() {
    const { tiles, level } = this;
    const from = this.start_s * tiles.fs;
    const to = this.stop_s * tiles.fs;
    const [first, last] = tiles.span(level, from, to);
    const wanted = [];
    for (let index = first; index <= last; index++) wanted.push([level, index]);
    const up = Math.min(level + 2, tiles.top);
    const [low, high] = tiles.span(up, from, to);
    for (let index = low; index <= high; index++) wanted.push([up, index]);
    const end = tiles.levels[level].n_tiles - 1;
    for (const index of [last + 1, first - 1, last + 2]) if (index >= 0 && index <= end) wanted.push([level, index]);
    tiles.want(wanted);
  }
}

/** The median, moved no further than needed for the curve to lie within `half` of it. */
function middleOf({ low, high, usual, median }, half) {
  if (high - low > 2 * half) [low, high] = usual;
  if (high - low > 2 * half) return Math.min(Math.max((low + high) / 2, median - half / 2), median + half / 2);
  return Math.min(Math.max(median, high - half), low + half);
}
