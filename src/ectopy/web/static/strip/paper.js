/** ECG paper: small squares of one millimetre, large ones of five, drawn once and then shifted. */

import { token } from "../colours.js";

const LEAST_PX = 3.4;

/** Widths of small and large squares in seconds, fine to coarse. */
const SQUARES = [
  [0.004, 0.02], [0.02, 0.1], [0.04, 0.2], [0.2, 1], [1, 5], [5, 30], [10, 60], [60, 300],
  [300, 1800], [600, 3600], [3600, 21600], [21600, 86400], [86400, 604800],
];

/** The squares that a scale shows: `[small, large]` in seconds. */
export function squares(pxPerS) {
  return SQUARES.find(([small]) => small * pxPerS >= LEAST_PX) ?? SQUARES.at(-1);
}

export class Paper {
  _canvas = document.createElement("canvas");
  _key = "";

  /**
   * Cover `width` × `height` (CSS pixels) of the context from `left`, `top` on.
   *
   * `start_s` is the time at `left`, `originY` the height of a large horizontal line.
   */
  draw(context, { left, top, width, height, start_s, pxPerS, mm, ratio, originY }) {
    const [small, large] = squares(pxPerS);
    const across = large * pxPerS;
    const down = 5 * mm;
    this._prepare({ width: width + across, height: height + down, across, per: Math.round(large / small), down, ratio });
    const shiftX = positive(start_s * pxPerS, across);
    const shiftY = positive(top - originY, down);
    const snap = (value) => Math.round(value * ratio) / ratio;
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.drawImage(
      this._canvas, snap(left - shiftX), snap(top - shiftY),
      this._canvas.width / ratio, this._canvas.height / ratio,
    );
    context.restore();
  }

  forget() {
    this._key = "";
  }

  _prepare({ width, height, across, per, down, ratio }) {
    const key = [width, height, across, per, down, ratio].map((each) => each.toFixed(3)).join(" ");
    if (key === this._key) return;
    this._key = key;
    const canvas = this._canvas;
    canvas.width = Math.ceil(width * ratio);
    canvas.height = Math.ceil(height * ratio);
    const context = canvas.getContext("2d", { alpha: false });
    context.fillStyle = token("paper");
    context.fillRect(0, 0, canvas.width, canvas.height);
    const line = Math.max(1, Math.round(ratio));
    lines(context, canvas, token("mm"), (across / per) * ratio, (down / 5) * ratio, line);
    lines(context, canvas, token("cm"), across * ratio, down * ratio, line);
  }
}

function lines(context, canvas, colour, across, down, width) {
  context.fillStyle = colour;
  for (let k = 0; k * across < canvas.width; k++) {
    context.fillRect(Math.round(k * across), 0, width, canvas.height);
  }
  for (let k = 0; k * down < canvas.height; k++) {
    context.fillRect(0, Math.round(k * down), canvas.width, width);
  }
}

function positive(value, modulus) {
  return ((value % modulus) + modulus) % modulus;
}
