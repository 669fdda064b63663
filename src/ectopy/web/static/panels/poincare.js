// The Poincaré plot: each interval against the next one, coloured by the beat between them.

import { canvas, cloud, line, text } from "./chart.js";
import { intervalPairs, niceAxis, poincareSpread, quantile } from "./compute.js";
import { poorStretches } from "./data.js";
import { badge, empty, h, replace, table } from "./dom.js";
import { panel } from "./panel.js";
import { CLASSES, NAMES, capital, elapsed, number } from "./words.js";

const [LEFT, BOTTOM, TOP, RIGHT] = [56, 42, 10, 22];
const REACH = 14;
const WIDE = 4096;
const OVERLAID = 3; // marks that are drawn over one another before one spot is full

/** Show the plot in `root`. */
export function mount(root, app) {
  return panel(root, app, build);

  function build(box, life) {
    const { store } = app;
    const total = store.analysis.recording.duration_s;
    let [pairs, spread, axis, poor, grid, at] = [null, null, null, [], null, -1];
    const off = new Set();
    const reading = h("p", { class: "pn-reading idle" });
    const chartBox = h("div", { class: "pn-chart" });
    const legend = h("div", { class: "pn-filters", role: "group", "aria-label": "Classes to show" });
    const side = h("div", {});
    const idle = "Point at a beat to read it, click to see it in the strip.";
    const body = h("div", { class: "pn-poincare" },
      h("div", {}, legend, reading, chartBox), side);
    const none = h("div", { hidden: true });
    box.append(h("section", { class: "pn-section" }, h("h2", {}, "Poincaré plot"),
      h("p", { class: "pn-note" }, "Each mark is a beat: to the right the interval in front of it, "
        + "upwards the one after it. On the dashed line both are equal. An early beat with a pause "
        + "after it lies up and to the left, the beat after such a pause down and to the right."),
      none, body));

    const chart = canvas(chartBox, {
      height: (width) => Math.min(width - LEFT - RIGHT, 560) + TOP + BOTTOM,
      role: "application",
      tabindex: 0,
      "aria-roledescription": "chart",
      label: "Poincaré plot. Left and right step through the beats in time, up and down through "
        + "the beats that are not normal, Enter shows the beat in the strip.",
      draw,
      over,
    });

    function scale(width, tall) {
      const side_ = Math.min(width - LEFT - RIGHT, tall - TOP - BOTTOM);
      const [low, high] = axis;
      const unit = side_ / (high - low);
      return {
        size: side_,
        x: (value) => LEFT + (clip(value, axis) - low) * unit,
        y: (value) => TOP + side_ - (clip(value, axis) - low) * unit,
      };
    }

    function draw(ctx, width, tall, colours) {
      grid = null;
      if (!pairs?.x.length) return;
      const { x, y, size } = scale(width, tall);
      drawAxes(ctx, { x, y, size, axis }, colours);
      const side_ = Math.ceil(size / 2) + 2;
      const { counts, order } = classOrder(pairs);
      const scaled = pairs.x.length < 400 ? 1 : pairs.x.length < 2000 ? 0.75 : 0.6;
      for (const code of order) {
        if (off.has(code) || !counts[code]) continue;
        const seen = new Uint8Array(side_ * side_);
        const put = cloud(ctx, code, scaled);
        ctx.fillStyle = colours.classes[code];
        ctx.globalAlpha = code === 0 && counts[0] > 2000 ? 0.45 : 0.8;
        for (let i = 0; i < pairs.x.length; i += 1) {
          if (pairs.code[i] !== code) continue;
          const [px, py] = [x(pairs.x[i]), y(pairs.y[i])];
          const cell = ((px - LEFT) >> 1) + side_ * ((py - TOP) >> 1);
          if (seen[cell] < OVERLAID) {
            seen[cell] += 1;
            put(px, py);
          }
        }
      }
      ctx.globalAlpha = 1;
      if (spread && !off.has(0)) drawSpread(ctx, spread, { x, y }, colours);
    }

    function over(ctx, width, tall, colours) {
      if (at < 0) return;
      const { x, y } = scale(width, tall);
      ring(ctx, x(pairs.x[at]), y(pairs.y[at]), colours);
    }

    /** Which pairs lie in which cell of the picture, made when somebody first points. */
    function cells() {
      if (grid) return grid;
      const area = chart.element.getBoundingClientRect();
      const { x, y } = scale(area.width, area.height);
      grid = new Map();
      for (let i = 0; i < pairs.x.length; i += 1) {
        if (off.has(pairs.code[i])) continue;
        const key = Math.floor(x(pairs.x[i]) / REACH) + WIDE * Math.floor(y(pairs.y[i]) / REACH);
        const held = grid.get(key);
        if (!held) grid.set(key, [i]);
        else if (held.length < 400) held.push(i);
      }
      return grid;
    }

    const says = (i) => {
      const beat = pairs.beat[i];
      return `${store.beats.label(beat)} at ${elapsed(store.beats.time_s[beat], total, 1)}: `
        + `${number(pairs.x[i])} ms before, ${number(pairs.y[i])} ms after`;
    };
    function read(i) {
      at = i;
      reading.textContent = i < 0 ? idle : says(i);
      reading.classList.toggle("idle", i < 0);
      chart.refresh();
    }
    function jump(i) {
      if (i < 0) return;
      const beat = pairs.beat[i];
      app.jump(store.beats.time_s[beat], { select: store.beats.id[beat] });
    }
    function nearest(event) {
      if (!pairs?.x.length) return -1;
      const held = cells();
      const area = chart.element.getBoundingClientRect();
      const [px, py] = [event.clientX - area.left, event.clientY - area.top];
      const { x, y } = scale(area.width, area.height);
      let best = { far: REACH ** 2, i: -1 };
      const [column, row] = [Math.floor(px / REACH), Math.floor(py / REACH)];
      for (const dx of [-1, 0, 1]) {
        for (const dy of [-1, 0, 1]) {
          for (const i of held.get(column + dx + WIDE * (row + dy)) ?? []) {
            const far = (x(pairs.x[i]) - px) ** 2 + (y(pairs.y[i]) - py) ** 2;
            if (far < best.far) best = { far, i };
          }
        }
      }
      return best.i;
    }
    const { element } = chart;
    element.addEventListener("pointermove", (event) => {
      const i = nearest(event);
      if (i !== at) read(i);
    });
    element.addEventListener("pointerleave", () => read(-1));
    element.addEventListener("blur", () => read(-1));
    element.addEventListener("click", (event) => {
      const i = nearest(event);
      read(i);
      jump(i);
    });
    element.addEventListener("keydown", (event) => {
      if (!pairs?.x.length || event.ctrlKey || event.metaKey || event.altKey) return;
      const last = pairs.x.length - 1;
      const from = at < 0 ? placeOfView() : at;
      const step = (by, wanted) => {
        let i = from + by;
        while (i >= 0 && i <= last && !wanted(i)) i += by;
        return i >= 0 && i <= last ? i : from;
      };
      const visible = (i) => !off.has(pairs.code[i]);
      const ectopic = (i) => visible(i) && pairs.code[i] !== 0;
      const to = {
        ArrowRight: () => step(1, visible), ArrowLeft: () => step(-1, visible),
        ArrowDown: () => step(1, ectopic), ArrowUp: () => step(-1, ectopic),
        Home: () => 0, End: () => last,
      }[event.key];
      if (event.key === "Enter") jump(from);
      else if (!to) return;
      event.preventDefault();
      event.stopPropagation();
      if (!to) return;
      read(to());
      app.announce(says(at));
    });
    function placeOfView() {
      const middle = (store.view.start_s + store.view.stop_s) / 2;
      const beat = store.beats.nearest(middle);
      const i = pairs.beat.findIndex((each) => each >= beat);
      return i < 0 ? pairs.x.length - 1 : i;
    }

    function update() {
      pairs = intervalPairs(store.beats, poor);
      at = -1;
      spread = poincareSpread(pairs);
      const enough = pairs.x.length >= 3;
      body.hidden = !enough;
      none.hidden = enough;
      replace(none, empty("Too few intervals", "The plot needs at least three pairs of intervals in "
        + "good signal."));
      if (!enough) return;
      axis = rangeOf(pairs);
      const { counts } = classOrder(pairs);
      replace(legend, CLASSES.map((name, code) => (counts[code] ? h("button", {
        type: "button", class: "pn-chip", "aria-pressed": String(!off.has(code)), title: NAMES[name],
        onclick: (event) => {
          if (!off.delete(code)) off.add(code);
          event.currentTarget.setAttribute("aria-pressed", String(!off.has(code)));
          chart.redraw();
        },
      }, badge(name), h("span", { class: "pn-count" }, number(counts[code]))) : null)));
      replace(side, figures(pairs, spread));
      read(-1);
      chart.redraw();
    }
    life.on("beats", life.soon(update));
    life.on("theme", chart.redraw);
    life.signal.addEventListener("abort", chart.stop);
    update();
    poorStretches(app, life.signal).then((found) => {
      poor = found;
      if (!life.signal.aborted) update();
    }).catch(() => {});
  }
}

const clip = (value, [low, high]) => Math.min(Math.max(value, low), high);

function classOrder(pairs) {
  const counts = [0, 0, 0, 0, 0];
  for (const code of pairs.code) counts[code] += 1;
  return { counts, order: [0, 1, 2, 3, 4].sort((a, b) => counts[b] - counts[a]) };
}

/** Equal axes that hold nearly all intervals; the few beyond lie on the edge. */
function rangeOf(pairs) {
  const all = [...pairs.x, ...pairs.y].sort((a, b) => a - b);
  const low = Math.max(quantile(all, 0.001) * 0.95, 0);
  const high = Math.min(all[all.length - 1], quantile(all, 0.999) * 1.1);
  const middle = (low + high) / 2;
  const half = Math.max((high - low) / 2, 100);
  return niceAxis(Math.max(middle - half, 0), middle + half, 7);
}

function drawAxes(ctx, { x, y, size, axis: [low, high, step] }, colours) {
  for (let value = low; value <= high + 1e-9; value += step) {
    line(ctx, x(value), TOP, x(value), TOP + size, colours.rule);
    line(ctx, LEFT, y(value), LEFT + size, y(value), colours.rule);
    text(ctx, number(value), x(value), TOP + size + 13, colours.faint);
    text(ctx, number(value), LEFT - 7, y(value), colours.faint, "right");
  }
  text(ctx, "interval before the beat, ms", LEFT + size / 2, TOP + size + 32, colours.faint);
  ctx.save();
  ctx.translate(9, TOP + size / 2);
  ctx.rotate(-Math.PI / 2);
  text(ctx, "interval after the beat, ms", 0, 0, colours.faint);
  ctx.restore();
  ctx.setLineDash([5, 5]);
  ctx.strokeStyle = colours.faint;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x(low), y(low));
  ctx.lineTo(x(high), y(high));
  ctx.stroke();
  ctx.setLineDash([]);
}

/** The ellipse of SD1 and SD2 around the mean of the normal intervals. */
function drawSpread(ctx, spread, { x, y }, colours) {
  const [cx, cy] = [x(spread.mean), y(spread.mean)];
  const unit = x(spread.mean + 1) - cx || 1;
  ctx.strokeStyle = colours.ink;
  ctx.lineWidth = 1.6;
  ctx.beginPath();
  ctx.ellipse(cx, cy, Math.max(spread.sd2 * unit, 1), Math.max(spread.sd1 * unit, 1), -Math.PI / 4, 0, 2 * Math.PI);
  ctx.stroke();
}

function ring(ctx, x, y, colours) {
  ctx.strokeStyle = colours.page;
  ctx.lineWidth = 5;
  ctx.beginPath();
  ctx.arc(x, y, 8, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.strokeStyle = colours.ink;
  ctx.lineWidth = 2;
  ctx.stroke();
}

function figures(pairs, spread) {
  const { counts } = classOrder(pairs);
  const rows = CLASSES.map((name, code) => {
    if (!counts[code]) return null;
    const of = (values) => {
      const mine = values.filter((_, i) => pairs.code[i] === code).sort((a, b) => a - b);
      return `${number(quantile(mine, 0.5))} ms`;
    };
    return [h("span", { class: "pn-name" }, badge(name), h("span", {}, capital(NAMES[name]))),
      number(counts[code]), of(pairs.x), of(pairs.y)];
  }).filter(Boolean);
  const medians = table("Median intervals around the beats of each class",
    ["Class", "Beats", "Before", "After"], rows);
  if (!spread) {
    return [medians, h("p", { class: "pn-note" }, "SD1 and SD2 need at least ten pairs between "
      + "normal beats.")];
  }
  const ms = (value) => `${number(value, value < 100 ? 1 : 0)} ms`;
  return [
    table("Between normal beats", ["Figure", "Value"], [
      ["Pairs of intervals", number(spread.n)],
      ["Mean interval", ms(spread.mean)],
      ["SD1, across the line: beat to beat", ms(spread.sd1)],
      ["SD2, along the line: over longer times", ms(spread.sd2)],
      ["SD1 / SD2", number(spread.sd1 / spread.sd2, 2)],
      ["SDNN of these intervals", ms(spread.sdnn)],
      ["RMSSD", ms(spread.rmssd)],
    ]),
    h("p", { class: "pn-note" }, "Of three normal beats in a row, over the whole recording and in "
      + "good signal. The ellipse has SD1 and SD2 as its half axes."),
    medians,
  ];
}
