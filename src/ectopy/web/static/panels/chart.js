// A canvas that knows its size, its pixels and its colours, and redraws itself when they change.

import { MARKS, token } from "../colours.js";
import { CLASSES } from "../store.js";

/**
 * Put a canvas into `box` that calls `draw(ctx, width, height, colours)` in CSS pixels, once a
 * frame at most: when first seen, when its size changes, on `redraw()`.
 */
export function canvas(box, { height, label, draw, ...attributes }) {
  const element = document.createElement("canvas");
  element.className = "pn-canvas";
  if (label) element.setAttribute("aria-label", label);
  if (!attributes.role) element.setAttribute("role", "img");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  box.append(element);
  let [frame, width, tall] = [0, 0, 0];

  const paint = () => {
    frame = 0;
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(tall * ratio);
    element.style.setProperty("height", `${tall}px`);
    const ctx = element.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, tall);
    const colours = readColours(element);
    ctx.font = `12px ${colours.font}`;
    draw(ctx, width, tall, colours);
  };
  const redraw = () => {
    if (!frame) frame = requestAnimationFrame(paint);
  };
  const measure = () => {
    width = Math.floor(box.clientWidth);
    tall = typeof height === "function" ? height(width) : height;
    redraw();
  };
  const watch = new ResizeObserver(measure);
  watch.observe(box);
  return { element, redraw, measure, stop: () => watch.disconnect() };
}

/** The colours of the page, as the tokens of style.css give them. */
export function readColours(element) {
  const names = ["page", "ink", "faint", "rule", "soft", "on", "accent", "bad", "paper", "mm", "cm",
    "trace", "band"];
  const colours = Object.fromEntries([...names, ...CLASSES].map((name) => [name, token(name)]));
  return {
    ...colours, font: getComputedStyle(element).fontFamily,
    classes: CLASSES.map((name) => colours[name]),
  };
}

const PATHS = CLASSES.map((name) => new Path2D(`M0 0${MARKS[name]}`));

/** The mark of a class in its shape: disc, triangle, square, diamond, cross. */
export function mark(ctx, code, x, y, size = 1) {
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(size, size);
  if (CLASSES[code] === "Q") {
    ctx.strokeStyle = ctx.fillStyle;
    ctx.lineWidth = 2;
    ctx.stroke(PATHS[code]);
  } else ctx.fill(PATHS[code]);
  ctx.restore();
}

/** Text with a middle line, cut to what canvas offers. */
export function text(ctx, words, x, y, colour, align = "center", weight = "") {
  ctx.fillStyle = colour;
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  const font = ctx.font;
  if (weight) ctx.font = `${weight} ${font}`;
  ctx.fillText(words, x, y);
  ctx.font = font;
}

/** A hairline on whole pixels. */
export function line(ctx, x1, y1, x2, y2, colour, width = 1) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.beginPath();
  const half = width % 2 ? 0.5 : 0;
  ctx.moveTo(Math.round(x1) + (x1 === x2 ? half : 0), Math.round(y1) + (y1 === y2 ? half : 0));
  ctx.lineTo(Math.round(x2) + (x1 === x2 ? half : 0), Math.round(y2) + (y1 === y2 ? half : 0));
  ctx.stroke();
}
