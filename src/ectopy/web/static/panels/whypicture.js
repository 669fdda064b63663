// The beat on ECG paper, with the pieces that moved the decision behind and below it.

import { h, svg } from "./dom.js";
import { curve, paperRange, sheet } from "./paper.js";
import { probability, signed } from "./words.js";

const [LEAST, MOST] = [320, 640];
const HINT = "Point at a piece, or use the arrow keys, to read what it counts for.";
const LANE = 74;
const LEFT = 46;
const FULL = 0.2; // importance that fills a lane, unless there is more

/** The figure of one explanation; arrow keys read it piece by piece. */
export function whyPicture(why, piece, fs, room) {
  const whole = Math.max(LEAST, Math.min(room, MOST));
  const { start_s: from, stop_s: to, bin_s: bin } = why.window;
  const first = piece ? piece.first - why.beat.sample : 0;
  const samples = piece ? Array.from(piece.mv, (mv, k) => [(first + k) / fs, mv])
    .filter(([time]) => time >= from - 1e-6 && time <= to + 1e-6) : null;
  const times = samples ? samples.map(([time]) => time) : why.typical_beat?.time_s ?? [];
  const values = samples ? samples.map(([, mv]) => mv) : why.this_beat.mv;
  const typical = why.typical_beat ? overlay(why, times, values) : null;
  const [low, high] = extent([values, typical?.mv ?? []]);
  const mm = (whole - LEFT) / ((to - from) * 25);
  const range = paperRange(low, high, { most: Math.min(60, 400 / mm) });
  const { width, height, x, y, grid } = sheet({ from, to, range, mm });
  const most = Math.max(FULL, ...why.importance.map(Math.abs));
  const lane = height + 20 + LANE / 2;
  const level = (value) => lane - (value / most) * (LANE / 2);
  const left = (k) => x(why.time_s[k] - bin / 2);
  const wide = bin * 25 * mm;

  const heat = why.importance.map((value, k) => (Math.abs(value) < most / 100 ? null : svg("rect", {
    class: value > 0 ? "pn-for" : "pn-against", x: left(k).toFixed(1), y: 0, width: (wide + 0.3).toFixed(1),
    height, "fill-opacity": (0.6 * Math.abs(value) / most).toFixed(3),
  })));
  const bars = why.importance.map((value, k) => svg("rect", {
    class: value > 0 ? "pn-for" : "pn-against", x: (left(k) + 0.5).toFixed(1),
    y: Math.min(level(value), lane).toFixed(1), width: Math.max(wide - 1, 1).toFixed(1),
    height: Math.max(Math.abs(level(value) - lane), 0.5).toFixed(1),
  }));
  const ticks = [];
  for (let k = Math.ceil(from / 0.2 - 1e-6); k * 0.2 <= to + 1e-9; k += 1) {
    if ((to - from > 1.6 || whole < 420) && k % 2) continue;
    const at = x(k * 0.2);
    const anchor = at < 14 ? "start" : at > width - 14 ? "end" : null;
    ticks.push(svg("text", { x: at.toFixed(1), y: height + LANE + 40, class: anchor },
      k ? `${signed(k * 0.2, 1)} s` : "R"));
  }
  const cursor = svg("rect", { class: "pn-cursor", y: 0, width: wide.toFixed(1), height: height + 20 + LANE, visibility: "hidden" });
  const reading = h("p", { class: "pn-reading idle" }, HINT);
  const picture = svg("svg", {
    class: "pn-svg pn-why-svg", viewBox: `${-LEFT} -2 ${whole} ${(height + LANE + 50).toFixed(1)}`, tabindex: 0,
    role: "slider", "aria-roledescription": "chart", "aria-valuemin": 0, "aria-valuemax": why.importance.length - 1,
    "aria-valuenow": 0, "aria-valuetext": strongest(why),
    "aria-label": "The signal around the beat and how much each piece moved the decision. Arrow keys read piece by piece.",
  },
  grid, heat,
  typical ? svg("path", { class: "pn-ghost", d: curve(typical.time_s, typical.mv, x, y) }) : null,
  svg("path", { class: "pn-line pn-this", d: curve(times, values, x, y) }),
  svg("path", { class: "pn-rule", d: `M0 ${lane}H${width}` }),
  bars,
  svg("text", { class: "end", x: -6, y: lane - LANE / 2 + 8 }, `+${most.toFixed(2)}`),
  svg("text", { class: "end", x: -6, y: lane + 4 }, "0"),
  svg("text", { class: "end", x: -6, y: lane + LANE / 2 }, `−${most.toFixed(2)}`),
  ticks, cursor);
  read(picture, cursor, reading, { why, left });
  return h("div", {}, reading, h("div", { class: "pn-why-box" }, picture),
    h("p", { class: "pn-legend" },
      h("span", {}, h("i", { class: "pn-swatch for" }), ` spoke for ${why.label}`),
      h("span", {}, h("i", { class: "pn-swatch against" }), " spoke against it"),
      h("span", {}, h("i", { class: "pn-swatch line" }), " this beat"),
      typical ? h("span", {}, h("i", { class: "pn-swatch dashes" }), ` the average ${typical.label} of this recording`) : null,
      h("span", {}, `25 mm/s, ${range.gain} mm/mV, enlarged`)));
}

/** The typical beat, moved up or down to lie on this one as their common times say. */
function overlay(why, times, values) {
  const { label, time_s, mv } = why.typical_beat;
  const step = times.length > 1 ? times[1] - times[0] : 1;
  const shifts = [];
  time_s.forEach((time, k) => {
    const here = values[Math.round((time - times[0]) / step)];
    const own = why.this_beat.mv[k];
    if (Number.isFinite(here) && own !== null) shifts.push(here - own);
  });
  shifts.sort((a, b) => a - b);
  const shift = shifts.length ? shifts[shifts.length >> 1] : 0;
  return { label, time_s, mv: mv.map((value) => (value === null ? null : value + shift)) };
}

function extent(lists) {
  let [low, high] = [Infinity, -Infinity];
  for (const values of lists) {
    for (const value of values) {
      if (value === null || !Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low < high ? [low, high] : [-0.5, 0.5];
}

function strongest(why) {
  const best = why.importance.reduce((k, value, j) => (value > why.importance[k] ? j : k), 0);
  if (why.importance[best] < 0.02) return "No single piece of the signal decided: without any one of them the name stays.";
  return `Most: ${sayPiece(why, best)}`;
}

function sayPiece(why, k) {
  const { bin_s: bin } = why.window;
  const now = why.probability[why.classes.indexOf(why.label)];
  const value = why.importance[k];
  const span = `${signed(why.time_s[k] - bin / 2, 2)} to ${signed(why.time_s[k] + bin / 2, 2)} s`;
  if (Math.abs(value) < 0.005) return `${span}: without it nothing changes`;
  return `${span}: without it the probability of ${why.label} ${value > 0 ? "falls" : "rises"} by ${
    Math.abs(value).toFixed(2)}, from ${probability(now)} to ${probability(Math.min(Math.max(now - value, 0), 1))}`;
}

function read(picture, cursor, reading, { why, left }) {
  const last = why.importance.length - 1;
  let at = -1;
  const show = (k) => {
    at = k;
    cursor.setAttribute("visibility", k < 0 ? "hidden" : "visible");
    if (k >= 0) cursor.setAttribute("x", left(k).toFixed(1));
    reading.textContent = k < 0 ? HINT : sayPiece(why, k);
    reading.classList.toggle("idle", k < 0);
    picture.setAttribute("aria-valuenow", String(Math.max(k, 0)));
    picture.setAttribute("aria-valuetext", k < 0 ? strongest(why) : reading.textContent);
  };
  picture.addEventListener("pointermove", (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    const width = left(1) - left(0) || 1;
    const k = Math.floor((point.x - left(0)) / width);
    if (k !== at) show(k >= 0 && k <= last ? k : -1);
  });
  picture.addEventListener("pointerleave", () => show(-1));
  picture.addEventListener("blur", () => show(-1));
  picture.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const from = at < 0 ? why.time_s.findIndex((time) => time >= 0) : at;
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    show(Math.min(Math.max(to, 0), last));
  });
}
