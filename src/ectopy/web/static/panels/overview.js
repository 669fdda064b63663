// The whole recording at a glance: rate and intervals over time, burden by hour, the numbers.

import { burdenSection } from "./burden.js";
import {
  binSeconds, niceAxis, quantile, rateTrend, rrColumns, rrRange, soundIntervals,
  tally,
} from "./compute.js";
import { cloud } from "./chart.js";
import { overview, poorStretches } from "./data.js";
import { empty, h, numbers, replace, sign, table } from "./dom.js";
import { factsSection } from "./facts.js";
import { panel, section, showStretch } from "./panel.js";
import { timeChart, valueAxis } from "./timechart.js";
import { CLASSES, SHORT, bpm, clock, duration, elapsed, ms, number } from "./words.js";

const RATE_EACH = 150; // beats up to which the rate is drawn from beat to beat, as in the report
const EACH_BEAT = 5; // beats a pixel up to which every normal beat is drawn on its own

/** Show the overview in `root`. */
export function mount(root, app) {
  return panel(root, app, build);

  function build(box, life) {
    const trend = trendSection(app, life);
    const burden = burdenSection(app, life);
    const facts = factsSection(app, life);
    box.append(facts.element, trend.element, burden.element);
    const all = () => {
      [facts, trend, burden].forEach((each) => each.update());
      overview(app, life.signal).then(({ episodes }) => facts.episodes(episodes)).catch(() => {});
    };
    life.on("beats", life.soon(all));
    all();
    poorStretches(app, life.signal).then((stretches) => {
      if (life.signal.aborted) return;
      trend.shade(stretches);
      facts.poor(stretches);
    }).catch(() => {});
  }
}

function trendSection(app, life) {
  const { store } = app;
  const { duration_s: total, start } = store.analysis.recording;
  let [beats, intervals, trend, dense, poor, each] = [store.beats, [], null, null, [], false];
  const width = binSeconds(total);

  const rate = {
    height: 130,
    draw(ctx, frame, colours) {
      if (!trend?.range) return;
      const y = valueAxis(ctx, frame, trend.range, colours, { unit: "bpm" });
      if (each) {
        const place = (i) => [frame.x(beats.time_s[i]), y(60 / intervals[i])];
        drawSteps(ctx, intervals, place, colours);
        drawBeats(ctx, beats, intervals, place, frame, colours, 0);
        return;
      }
      const x = (bin) => frame.x(Math.min((bin + 0.5) * width, total));
      drawBand(ctx, trend, x, y, colours);
    },
  };
  const tachogram = {
    height: 150,
    draw(ctx, frame, colours) {
      if (!trend?.rr) return;
      const y = valueAxis(ctx, frame, trend.rr, colours, {
        unit: "RR, s", format: (value) => value.toFixed(trend.rr[2] < 0.1 ? 2 : 1),
      });
      const place = (i) => [frame.x(beats.time_s[i]), y(clamp(intervals[i], trend.rr))];
      if (beats.n > EACH_BEAT * frame.width) {
        if (dense?.width !== frame.width || dense.beats !== beats) {
          const columns = rrColumns(beats, total, Math.round(frame.width), intervals);
          dense = { width: frame.width, beats, ...columns };
        }
        drawColumns(ctx, dense, frame, (s) => y(clamp(s, trend.rr)), colours);
        drawBeats(ctx, beats, intervals, place, frame, colours, 1);
      } else drawBeats(ctx, beats, intervals, place, frame, colours, 0);
    },
  };

  const chart = timeChart(life, app, {
    label: "Heart rate and RR intervals over the whole recording. Arrow keys read along, Shift "
      + "with arrows chooses a stretch, Enter shows it in the strip.",
    hint: "Above, beats per minute; below, the interval in front of each beat. Click to go there, "
      + "drag to choose what the strip shows.",
    panes: [rate, tachogram],
    step: width,
    read,
    pick,
    onpick: ({ time_s, id }) => app.jump(time_s, id === null ? {} : { select: id }),
    onrange: (from, to) => showStretch(app, from, to),
  });
  const legend = h("p", { class: "pn-legend" });
  const folded = h("div", {});
  const body = h("div", {}, chart.element, legend, folded);
  const none = h("div", {}, empty("No intervals", "The rate needs at least two beats in good signal."));
  const element = section("Heart rate and intervals", null, body, none);

  function read(time) {
    if (!trend || !beats.n) return "No beats";
    const bin = Math.min(Math.floor(time / width), trend.bins - 1);
    const ectopic = CLASSES.slice(1).map((name, k) => [name, trend.counts[bin][k + 1]])
      .filter(([, n]) => n).map(([name, n]) => `${n} ${name}`);
    const at = elapsed(time, total) + (start ? ` (${clock(time, start)})` : "");
    if (!(trend.mean[bin] > 0)) return `${at}: no interval known`;
    const mean = `${bpm(trend.mean[bin])} over ${duration(width)}`;
    const near = beats.nearest(time);
    const rr = intervals[near];
    const last = rr > 0 ? `, nearest beat ${beats.label(near)} after ${ms(rr)}` : "";
    return `${at}: ${mean}${ectopic.length ? `, ${ectopic.join(", ")}` : ""}${last}`;
  }

  /** The beat whose mark is under the pointer, else the time alone. */
  function pick(px, py, frames, time) {
    const frame = frames[1];
    if (trend?.rr && frame && py >= frame.top - 6) {
      const reach = (8 / frame.width) * total;
      const [from, to] = beats.range(time - reach, time + reach);
      const [bottom, top] = trend.rr;
      let best = { far: 81, i: -1 };
      for (let i = from; i < to; i += 1) {
        const level = (clamp(intervals[i], trend.rr) - bottom) / (top - bottom);
        const y = frame.top + frame.height * (1 - level);
        const far = (frame.x(beats.time_s[i]) - px) ** 2 + (y - py) ** 2;
        if (far < best.far) best = { far, i };
      }
      if (best.i >= 0) return { time_s: beats.time_s[best.i], id: beats.id[best.i] };
    }
    return { time_s: time, id: null };
  }

  function update() {
    beats = store.beats;
    intervals = soundIntervals(beats, poor);
    dense = null;
    const found = rateTrend(beats, total, width, intervals);
    body.hidden = !intervals.some((rr) => rr > 0);
    none.hidden = !body.hidden;
    each = beats.n <= RATE_EACH;
    const rates = each ? [...intervals].map((rr) => 60 / rr) : [...found.low, ...found.high];
    const known = rates.filter((value) => value > 0).sort((a, b) => a - b);
    const [low, high] = [quantile(known, 0), quantile(known, 1)];
    const rr = rrRange(intervals);
    trend = {
      ...found,
      range: known.length ? niceAxis(Math.min(low, high - 20), Math.max(high, low + 20), 5) : null,
      rr: rr ? niceAxis(rr[0], Math.max(rr[1], rr[0] + 0.4), 5) : null,
    };
    const present = CLASSES.filter((name, k) => found.counts.some((bin) => bin[k]));
    replace(legend, each ? null : [h("span", {}, `Line: mean of every ${duration(width)}`),
      h("span", {}, "Band: 10th to 90th percentile")],
      present.map((name) => h("span", {}, sign(name), ` ${name} ${SHORT[name]}`)),
      poor.length ? h("span", {}, h("i", { class: "pn-poor" }), " Signal too poor to trust") : null);
    replace(folded, trendTable(beats, intervals, total, start, app));
    chart.redraw();
  }
  return {
    element,
    update,
    shade(stretches) {
      poor = stretches;
      chart.shade(stretches);
      update();
    },
  };
}

const clamp = (value, [low, high]) => Math.min(Math.max(value, low), high);

function drawBand(ctx, trend, x, y, colours) {
  const runs = [];
  let run = null;
  for (let k = 0; k < trend.bins; k += 1) {
    if (trend.mean[k] > 0) {
      if (!run) runs.push(run = []);
      run.push(k);
    } else run = null;
  }
  for (const part of runs) {
    ctx.beginPath();
    part.forEach((k) => ctx.lineTo(x(k), y(trend.high[k])));
    [...part].reverse().forEach((k) => ctx.lineTo(x(k), y(trend.low[k])));
    ctx.fillStyle = colours.N;
    ctx.globalAlpha = 0.22;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    part.forEach((k) => ctx.lineTo(x(k), y(trend.mean[k])));
    if (part.length === 1) ctx.lineTo(x(part[0]) + 1, y(trend.mean[part[0]]));
    ctx.strokeStyle = colours.ink;
    ctx.lineWidth = 1.6;
    ctx.lineJoin = "round";
    ctx.stroke();
  }
}

/** A thin line from beat to beat, broken where an interval is not known. */
function drawSteps(ctx, intervals, place, colours) {
  ctx.beginPath();
  let pen = false;
  for (let i = 0; i < intervals.length; i += 1) {
    const known = intervals[i] > 0;
    if (known) ctx[pen ? "lineTo" : "moveTo"](...place(i));
    pen = known;
  }
  ctx.strokeStyle = colours.faint;
  ctx.lineWidth = 1;
  ctx.stroke();
}

function drawColumns(ctx, columns, frame, y, colours) {
  ctx.fillStyle = colours.N;
  ctx.globalAlpha = 0.3;
  for (let k = 0; k < columns.number.length; k += 1) {
    if (!columns.number[k]) continue;
    const top = y(columns.greatest[k]);
    ctx.fillRect(frame.left + k, top, 1, Math.max(y(columns.least[k]) - top, 1));
  }
  ctx.globalAlpha = 1;
  for (let k = 0; k < columns.number.length; k += 1) {
    if (columns.number[k]) ctx.fillRect(frame.left + k, y(columns.mean[k]) - 0.75, 1, 1.5);
  }
}

/** Draw beats as marks, from class `first` on, the rare classes last; of those at one spot one. */
function drawBeats(ctx, beats, intervals, place, frame, colours, first) {
  const [columns, rows] = [Math.ceil(frame.width / 2) + 2, Math.ceil(frame.height / 2) + 2];
  const few = beats.n < frame.width / 6;
  const { counts } = tally(beats);
  const order = CLASSES.map((_, code) => code).filter((code) => code >= first)
    .sort((a, b) => counts[b] - counts[a]);
  for (const code of order) {
    ctx.fillStyle = colours.classes[code];
    const taken = new Uint8Array(columns * rows);
    const put = cloud(ctx, code, few ? 1 : code ? 0.75 : 0.65);
    for (let i = 0; i < beats.n; i += 1) {
      if (beats.code[i] !== code || !(intervals[i] > 0)) continue;
      const [x, y] = place(i);
      const cell = ((x - frame.left) >> 1) + columns * ((y - frame.top) >> 1);
      if (taken[cell]) continue;
      taken[cell] = 1;
      put(x, y);
    }
  }
}

function trendTable(beats, intervals, total, start, app) {
  const width = binSeconds(total, 60);
  const trend = rateTrend(beats, total, width, intervals);
  const rows = Array.from(trend.mean, (mean, k) => [
    h("button", { type: "button", class: "pn-link", onclick: () => app.jump(k * width, {}) },
      elapsed(k * width, total)),
    ...(start ? [clock(k * width, start)] : []),
    number(trend.counts[k].reduce((sum, n) => sum + n, 0)),
    number(mean), number(trend.low[k]), number(trend.high[k]),
    ...trend.counts[k].slice(1).map((n) => number(n)),
  ]);
  const head = ["From", ...(start ? ["Clock"] : []), "Beats", "Mean bpm", "10 %", "90 %", "S", "V",
    "F", "Q"];
  const title = `Heart rate in steps of ${duration(width)}`;
  return numbers("These numbers as a table", table(title, head, rows, { hide: true }));
}
