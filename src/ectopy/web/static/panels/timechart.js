// A canvas over the whole recording: cursor, reading, click to jump, drag to choose a stretch.

import { canvas, line, text } from "./chart.js";
import { tickSeconds } from "./compute.js";
import { h } from "./dom.js";
import { clock, clockOrigin, duration, elapsed } from "./words.js";

const LEFT = 54;
const RIGHT = 14;
const AXIS = 4;
const GAP = 24;
const TOP = 12;
const CLICK_PX = 4;

/**
 * A chart of panes over a common time axis.
 *
 * `panes` are `{height, draw(ctx, frame, colours)}`, where `frame` has `left, top, width,
 * height, x(seconds)`. `read(seconds)` says in words what is at a time, `pick(x, y, frames)`
 * gives the time and beat that a click means, `hint` is said while nobody points, `onpick({time_s, id})` and `onrange(from, to)`
 * hear of it, `step` is what an arrow key moves by in seconds.
 */
export function timeChart(life, app, { label, hint, panes, read, pick, onpick, onrange, step }) {
  const { store } = app;
  const { duration_s: total, start } = store.analysis.recording;
  const reading = h("p", { class: "pn-reading idle" }, hint);
  const box = h("div", { class: "pn-chart" });
  let [cursor, drag, frames, bad] = [null, null, [], []];
  const withClock = !Number.isNaN(clockOrigin(start));
  const axis = AXIS + (withClock ? 15 : 0);
  const height = panes.reduce((sum, pane) => sum + pane.height + GAP, 0) + TOP + axis;

  const chart = canvas(box, {
    height, label, role: "slider", tabindex: 0,
    "aria-valuemin": 0, "aria-valuemax": Math.round(total), "aria-valuenow": 0,
    "aria-roledescription": "chart",
    draw(ctx, width, tall, colours) {
      const inner = Math.max(width - LEFT - RIGHT, 10);
      const x = (seconds) => LEFT + (seconds / total) * inner;
      let top = TOP;
      frames = panes.map((pane) => {
        const frame = { left: LEFT, top, width: inner, height: pane.height, x };
        top += pane.height + GAP;
        return frame;
      });
      const bottom = top - GAP;
      shadeBad(ctx, bad, x, bottom, colours);
      panes.forEach((pane, k) => pane.draw(ctx, frames[k], colours));
      timeAxis(ctx, { x, bottom, total, start, width: inner, withClock }, colours);
    },
    over(ctx, width, tall, colours) {
      const { x } = frames[0];
      const bottom = frames[frames.length - 1].top + frames[frames.length - 1].height;
      drawView(ctx, store.view, x, bottom, colours);
      if (drag) {
        ctx.fillStyle = colours.accent;
        ctx.globalAlpha = 0.22;
        const [from, to] = [drag.from, drag.to].sort((a, b) => a - b);
        ctx.fillRect(x(from), TOP, x(to) - x(from), bottom - TOP);
        ctx.globalAlpha = 1;
      }
      if (cursor !== null) line(ctx, x(cursor), TOP, x(cursor), bottom, colours.ink);
    },
  });
  const { element } = chart;

  const say = () => {
    if (drag && Math.abs(drag.to - drag.from) > 0) {
      const [from, to] = [drag.from, drag.to].sort((a, b) => a - b);
      reading.textContent = `Show ${elapsed(from, total)} to ${elapsed(to, total)}, `
        + `${duration(to - from)}`;
    } else if (cursor === null) reading.textContent = hint;
    else {
      reading.textContent = read(cursor);
      element.setAttribute("aria-valuenow", String(Math.round(cursor)));
    }
    reading.classList.toggle("idle", cursor === null);
    element.setAttribute("aria-valuetext", reading.textContent);
  };
  const place = (time) => {
    cursor = time === null ? null : Math.min(Math.max(time, 0), total);
    say();
    chart.refresh();
  };
  const timeAt = (event) => {
    const area = element.getBoundingClientRect();
    const inner = area.width - LEFT - RIGHT;
    const time = ((event.clientX - area.left - LEFT) / inner) * total;
    return Math.min(Math.max(time, 0), total);
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    drag = { from: timeAt(event), to: timeAt(event), x: event.clientX, moved: false };
  });
  element.addEventListener("pointermove", (event) => {
    if (drag) {
      drag.moved ||= Math.abs(event.clientX - drag.x) > CLICK_PX;
      drag.to = drag.moved ? timeAt(event) : drag.from;
    }
    place(timeAt(event));
  });
  element.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const done = drag;
    drag = null;
    const [from, to] = [done.from, done.to].sort((a, b) => a - b);
    if (done.moved && to > from) onrange(from, to);
    else {
      const area = element.getBoundingClientRect();
      onpick(pick(event.clientX - area.left, event.clientY - area.top, frames, timeAt(event)));
    }
    place(timeAt(event));
  });
  element.addEventListener("pointercancel", () => {
    drag = null;
    place(null);
  });
  element.addEventListener("pointerleave", () => drag || place(null));
  element.addEventListener("blur", () => {
    drag = null;
    place(null);
  });
  element.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -step, ArrowRight: step, PageUp: 10 * step, PageDown: -10 * step };
    const at = cursor ?? (store.view.start_s + store.view.stop_s) / 2;
    let to = null;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) to = at + moves[event.key];
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = total;
    else if (event.key === "Enter") {
      if (drag && drag.from !== drag.to) {
        onrange(Math.min(drag.from, drag.to), Math.max(drag.from, drag.to));
        drag = null;
        place(at);
      } else onpick({ time_s: at, id: null });
    } else if (event.key === "Escape" && drag) {
      drag = null;
      place(at);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    if (to === null) return;
    to = Math.min(Math.max(to, 0), total);
    if (event.shiftKey) drag = { from: drag ? drag.from : at, to };
    else drag = null;
    place(to);
  });
  life.on("view", chart.refresh);
  life.on("theme", chart.redraw);
  life.signal.addEventListener("abort", chart.stop);
  return {
    element: h("div", { class: "pn-timechart" }, reading, box),
    redraw: chart.redraw,
    canvas: element,
    /** Shade stretches `{start_s, stop_s}` of poor signal, in time order. */
    shade(stretches) {
      bad = stretches;
      chart.redraw();
    },
  };
}

function shadeBad(ctx, stretches, x, bottom, colours) {
  ctx.fillStyle = colours.bad;
  ctx.globalAlpha = 0.2;
  let end = -1;
  for (const each of stretches) {
    const from = Math.max(x(each.start_s), end);
    const to = Math.max(x(each.stop_s), from + 0.6);
    ctx.fillRect(from, TOP, to - from, bottom - TOP);
    end = to;
  }
  ctx.globalAlpha = 1;
}

/** The stretch that the strip shows: a band, with a mark above where it is too thin to see. */
function drawView(ctx, view, x, bottom, colours) {
  const [from, to] = [x(view.start_s), x(view.stop_s)];
  const wide = Math.max(to - from, 2);
  ctx.fillStyle = colours.accent;
  ctx.globalAlpha = 0.14;
  ctx.fillRect(from, TOP, wide, bottom - TOP);
  ctx.globalAlpha = 1;
  ctx.fillRect(from - (wide < 6 ? 2 : 0), TOP - 4, Math.max(wide, 6), 4);
  ctx.fillRect(from - (wide < 6 ? 2 : 0), bottom, Math.max(wide, 6), 3);
}

function timeAxis(ctx, { x, bottom, total, start, width, withClock }, colours) {
  const most = Math.max(2, Math.min(9, Math.floor(width / 80)));
  const step = tickSeconds(total, most);
  line(ctx, x(0), bottom, x(total), bottom, colours.rule);
  for (let at = 0; at <= total + 1e-9; at += step) {
    line(ctx, x(at), bottom, x(at), bottom + 5, colours.faint);
    const edge = x(at) > x(total) - 18 ? "right" : "center";
    const px = edge === "right" ? x(total) + 10 : x(at);
    text(ctx, elapsed(at, total), px, bottom + 15, colours.faint, edge);
    if (withClock) {
      text(ctx, clock(at, start).slice(0, step >= 60 ? 5 : 8), px, bottom + 31, colours.faint, edge);
    }
  }
}

/** Lines and numbers of an upright axis. */
export function valueAxis(ctx, frame, [bottom, top, step], colours, { unit, format = String }) {
  const y = (value) => frame.top + frame.height * (1 - (value - bottom) / (top - bottom));
  for (let k = 0; bottom + k * step <= top + step / 1e6; k += 1) {
    const value = bottom + k * step;
    line(ctx, frame.left, y(value), frame.left + frame.width, y(value), colours.rule);
    text(ctx, format(value), frame.left - 8, y(value), colours.faint, "right");
  }
  ctx.save();
  ctx.translate(9, frame.top + frame.height / 2);
  ctx.rotate(-Math.PI / 2);
  text(ctx, unit, 0, 0, colours.faint);
  ctx.restore();
  return y;
}
