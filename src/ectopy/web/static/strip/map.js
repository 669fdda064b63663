/** The whole recording as a narrow map: where ectopic beats and bad signal are, and what is in view. */

import { token } from "../colours.js";
import { CLASSES } from "../store.js";

const ORDER = [1, 2, 3, 4];
const LEAST_VIEW_PX = 5;

export class OverviewMap {
  constructor(host, store, go) {
    this.host = host;
    this.store = store;
    this.stretches = [];
    this.duration_s = 1;
    this._ground = document.createElement("canvas");
    this._canvas = document.createElement("canvas");
    this._canvas.setAttribute("aria-hidden", "true");
    host.append(this._canvas);
    this._frame = 0;
    this._fresh = false;
    new ResizeObserver(() => this.refresh()).observe(host);
    const follow = (event) => {
      const box = this._canvas.getBoundingClientRect();
      go(((event.clientX - box.left) / box.width) * this.duration_s);
    };
    host.addEventListener("pointerdown", (event) => {
      host.setPointerCapture(event.pointerId);
      follow(event);
    });
    host.addEventListener("pointermove", (event) => {
      if (host.hasPointerCapture(event.pointerId)) follow(event);
    });
  }

  /** The beats, the stretches or the theme changed. */
  refresh() {
    this._fresh = false;
    this.redraw();
  }

  /** The view moved. */
  redraw() {
    if (this._frame) return;
    this._frame = requestAnimationFrame(() => {
      this._frame = 0;
      this._draw();
    });
  }

  _draw() {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    if (!this._fresh) this._drawGround(width, height, ratio);
    const canvas = this._canvas;
    const context = canvas.getContext("2d", { alpha: false });
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this._ground, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { start_s, stop_s } = this.store.view;
    const scale = width / this.duration_s;
    const begin = Math.max(start_s * scale, 0);
    const wide = Math.max(Math.min(stop_s * scale, width) - begin, LEAST_VIEW_PX);
    context.globalAlpha = 0.16;
    context.fillStyle = token("accent");
    context.fillRect(begin, 0, wide, height);
    context.globalAlpha = 1;
    context.strokeStyle = token("accent");
    context.lineWidth = 1.5;
    context.strokeRect(begin + 0.75, 0.75, Math.max(wide - 1.5, 1), height - 1.5);
  }

  _drawGround(width, height, ratio) {
    for (const canvas of [this._ground, this._canvas]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = this._ground.getContext("2d", { alpha: false });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = token("soft");
    context.fillRect(0, 0, width, height);
    const scale = width / this.duration_s;
    context.fillStyle = token("bad");
    context.globalAlpha = 0.35;
    for (const { start_s, stop_s } of this.stretches) {
      context.fillRect(start_s * scale, 0, Math.max((stop_s - start_s) * scale, 0.5), height);
    }
    context.globalAlpha = 1;
    if (!this.store.blind) this._drawBeats(context, width, height, scale);
    this._fresh = true;
  }

  _drawBeats(context, width, height, scale) {
    const { beats } = this.store;
    const lane = (height - 4) / ORDER.length;
    const seen = ORDER.map(() => new Uint16Array(Math.ceil(width / 2) + 1));
    for (let i = 0; i < beats.n; i++) {
      if (beats.code[i]) seen[beats.code[i] - 1][Math.floor((beats.time_s[i] * scale) / 2)]++;
    }
    seen.forEach((counts, k) => {
      context.fillStyle = token(CLASSES[ORDER[k]]);
      for (let bin = 0; bin < counts.length; bin++) {
        if (!counts[bin]) continue;
        const high = Math.min(lane * (0.45 + 0.12 * counts[bin]), lane - 1);
        context.fillRect(bin * 2, 2 + lane * (k + 1) - high, 1.7, high);
      }
    });
  }
}
