/** Where the strip is and how it moves: the time at its left edge and the pixels of a second. */

import { spacing } from "./beats.js";
import { Motion } from "./motion.js";

/** Room for the names of the leads, left of the paper. */
export const GUTTER_PX = 46;

const MOST_PX_PER_S = 2400;

/** Screens with so many pixels to a CSS pixel have a graphics card that draws wide lines fast. */
const FINE_SCREEN = 1.5;

/**
 * Half of the strip; the other half (strip.js) draws. It needs `store`, `recording`, `_width` and
 * `redraw()` of that.
 */
export class Moving {
  mm = 96 / 25.4;
  start_s = 0;
  pxPerS = (25 * 96) / 25.4;
  _width = 0;
  _moved = 0;
  _motion = new Motion();

  get width() {
    return Math.max(this._width - GUTTER_PX, 50);
  }

  get seconds() {
    return this.width / this.pxPerS;
  }

  get stop_s() {
    return this.start_s + this.seconds;
  }

  get centre_s() {
    return this.start_s + this.seconds / 2;
  }

  get duration_s() {
    return this.recording?.duration_s ?? 1;
  }

  /** The speed of the paper in mm/s that the scale comes to. */
  get speed() {
    return this.pxPerS / this.mm;
  }

  x(time_s) {
    return GUTTER_PX + (time_s - this.start_s) * this.pxPerS;
  }

  time(x) {
    return this.start_s + (x - GUTTER_PX) / this.pxPerS;
  }

  /** Show the stretch from `start_s` on at a scale, without movement. */
  place(start_s, pxPerS = this.pxPerS) {
    this.pxPerS = this._allowed(pxPerS);
    const spare = Math.min(this.seconds * 0.02, 1);
    const last = Math.max(this.duration_s + spare - this.seconds, -spare);
    this.start_s = Math.min(Math.max(start_s, -spare), last);
    this._moved = performance.now();
    this.store.setView(this.start_s, this.stop_s);
    this.redraw();
  }

  /** Width of a curve that is so wide at rest; a hairline, which is drawn faster, while moving. */
  _pen(width) {
    return this._moving && this._ratio < FINE_SCREEN ? 1 / this._ratio : width;
  }

  /** The scale nearest to this one: from one beat to the whole recording. */
  _allowed(pxPerS) {
    const least = Math.min(this.width / (this.duration_s * 1.04), 25 * this.mm);
    return Math.min(Math.max(pxPerS, least), MOST_PX_PER_S);
  }

  /** Go to a stretch with a short glide. */
  glide(start_s, pxPerS = this.pxPerS) {
    const from = { start_s: this.start_s, log: Math.log(this.pxPerS) };
    const far = Math.abs(start_s - from.start_s) > 4 * Math.max(this.seconds, this.width / pxPerS);
    if (far) {
      this._motion.stop();
      this.place(start_s, pxPerS);
      return;
    }
    const to = { start_s, log: Math.log(pxPerS) };
    this._motion.glide((share) => {
      const log = from.log + (to.log - from.log) * share;
      this.place(from.start_s + (to.start_s - from.start_s) * share, Math.exp(log));
    });
    this.redraw();
  }

  /** Put a time in the middle, and zoom in if beats could not be told apart. */
  jump(time_s, { readable = true } = {}) {
    const near = spacing(this.store.beats, this.start_s, this.stop_s, this.pxPerS);
    const scale = readable && !near.letters ? 25 * this.mm : this.pxPerS;
    this.glide(time_s - this.width / scale / 2, scale);
  }

  /** Bring a time into view, moving no further than needed. */
  reveal(time_s) {
    const margin = this.seconds * 0.08;
    const early = time_s < this.start_s + (this.start_s > 0 ? margin : 0);
    const late = time_s > this.stop_s - (this.stop_s < this.duration_s ? margin : 0);
    if (early || late) this.jump(time_s);
  }

  /** Whether the view moves by itself. */
  get gliding() {
    return this._motion.going;
  }

  pan(px) {
    const before = this.start_s;
    this.place(this.start_s + px / this.pxPerS);
    return this.start_s !== before;
  }

  scroll(px) {
    this.host.scrollTop += px;
  }

  zoom(factor, x = GUTTER_PX + this.width / 2) {
    const right = Math.max(x - GUTTER_PX, 0);
    const scale = this._allowed(this.pxPerS * factor);
    this.place(this.start_s + right / this.pxPerS - right / scale, scale);
  }

  /** Zoom by a step of the keyboard or a button, about the middle. */
  zoomStep(factor) {
    const scale = this._allowed(this.pxPerS * factor);
    this.glide(this.centre_s - this.width / scale / 2, scale);
  }

  /** True scale: so many mm/s. */
  setSpeed(speed, start_s = this.centre_s - this.width / (speed * this.mm) / 2) {
    this.place(start_s, speed * this.mm);
  }

  whole() {
    this.glide(0, this.width / (this.duration_s * 1.03));
  }

  hold() {
    this._motion.stop();
  }

  coast(pxPerMs) {
    this._motion.coast(pxPerMs, (px) => this.pan(px));
    this.redraw();
  }
}
