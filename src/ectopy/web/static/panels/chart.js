// A canvas that knows its size, its pixels and its colours, and redraws itself when they change.

import { MARKS, token } from "../colours.js";
import { CLASSES } from "../store.js";

/**
 * Put a canvas into `box` that calls `draw(ctx, width, height, colours)` in CSS pixels, once a
 * frame at most: when first seen, when its size changes, on `redraw()`. What `over` draws in the
 * same way lies on top and is drawn alone on `refresh()`: a cursor costs no cloud of beats.
 */
export function canvas(box, { height, label, draw, over, ...attributes }) {
  const element = document.createElement("canvas");
  element.className = "pn-canvas";
  if (label) element.setAttribute("aria-label", label);
  if (!attributes.role) element.setAttribute("role", "img");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  box.append(element);
  const layer = document.createElement("canvas");
  let [frame, width, tall, dirty] = [0, 0, 0, true];

  const prepare = (target, ratio, colours) => {
    const ctx = target.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, tall);
    ctx.font = `12px ${colours.font}`;
    return ctx;
  };
  const paint = () => {
    frame = 0;
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    const colours = readColours(element);
    const [columns, rows] = [Math.round(width * ratio), Math.round(tall * ratio)];
    if (dirty || layer.width !== columns || layer.height !== rows) {
      for (const each of [layer, element]) [each.width, each.height] = [columns, rows];
      element.style.setProperty("height", `${tall}px`);
      draw(prepare(layer, ratio, colours), width, tall, colours);
      dirty = false;
    }
    const ctx = prepare(element, ratio, colours);
    ctx.drawImage(layer, 0, 0, width, tall);
    over?.(ctx, width, tall, colours);
  };
  const refresh = () => {
    if (!frame) frame = requestAnimationFrame(paint);
  };
  const redraw = () => {
    dirty = true;
    refresh();
  };
  const watch = new ResizeObserver(() => {
    width = Math.floor(box.clientWidth);
    tall = typeof height === "function" ? height(width) : height;
    redraw();
  });
  watch.observe(box);
  return { element, redraw, refresh, stop: () => watch.disconnect() };
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

/** Marks for a cloud of beats: small squares where they are many, shapes where one can see them. */
export function cloud(ctx, code, size) {
  if (size >= 0.7 || code) return (x, y) => mark(ctx, code, x, y, size);
  return (x, y) => ctx.fillRect(x - 1, y - 1, 2, 2);
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
