// Ectopic beats by hour: stacked bars of S, V and F, and the same as a table.

import { burden, niceAxis } from "./compute.js";
import { badge, choice, empty, h, numbers, replace, svg, table } from "./dom.js";
import { section, showStretch } from "./panel.js";
import { SHORT, clock, clockOrigin, duration, elapsed, number, share } from "./words.js";

const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 14, 22, 26];
const STACK = [["S", 1], ["V", 2], ["F", 3]];

/** The section with its chart; `update()` takes the beats anew. */
export function burdenSection(app, life) {
  const { store } = app;
  const { duration_s: total, start } = store.analysis.recording;
  const origin = clockOrigin(start);
  const second = Number.isNaN(origin) ? null : (origin / 1000) % 86400;
  let [found, kind, width, focus] = [null, "share", 0, 0];
  const chart = h("div", { class: "pn-chart" });
  const reading = h("p", { class: "pn-reading", "aria-live": "polite" });
  const legend = h("p", { class: "pn-legend" });
  const folded = h("div", {});
  const title = h("span", {}, "Ectopic beats by hour");
  const switcher = choice("burden", "Show", [["share", "Share of beats"], ["count", "Number"]],
    kind, (value) => {
      kind = value;
      draw();
    });
  const body = h("div", {}, h("div", { class: "pn-row" }, switcher, reading), chart, legend, folded);
  const none = h("div", {});
  const element = section(title, null, body, none);
  const watch = new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    draw();
  });
  watch.observe(chart);
  life.signal.addEventListener("abort", () => watch.disconnect());

  const name = (bin) => {
    const span = `${elapsed(bin.from, total)} to ${elapsed(bin.to, total)}`;
    return second === null ? span : `${clock(bin.from, start).slice(0, 5)} to `
      + `${clock(bin.to, start).slice(0, 5)}`;
  };
  const says = (bin) => {
    if (!bin.n) return `${name(bin)}: no beats`;
    const parts = STACK.filter(([, code]) => bin.counts[code]).map(
      ([letter, code]) => `${bin.counts[code]} ${letter} (${share(bin.counts[code], bin.n)})`);
    return `${name(bin)}: ${parts.length ? parts.join(", ") : "no ectopic beat"} of `
      + `${number(bin.n)} beats`;
  };

  function draw() {
    if (!found || !width) return;
    const inner = Math.max(width - LEFT - RIGHT, 20);
    const plot = HEIGHT - TOP - BOTTOM;
    const value = (bin, n) => (kind === "share" ? (bin.n ? (100 * n) / bin.n : 0) : n);
    const most = Math.max(...found.bins.map((bin) => value(bin, bin.ectopic)));
    const least = kind === "share" ? 1 : 4;
    const [, top, step] = niceAxis(0, Math.max(most, least), 4);
    const y = (level) => TOP + plot * (1 - level / top);
    const x = (seconds) => LEFT + (seconds / total) * inner;
    const digits = step < 1 ? 1 : 0;
    const grid = [];
    for (let level = 0; level <= top + 1e-9; level += step) {
      const words = kind === "share" ? `${level.toFixed(digits)} %` : number(level, digits);
      grid.push(svg("path", { class: "pn-rule", d: `M${LEFT} ${Math.round(y(level)) + 0.5}h${inner}` }),
        svg("text", { class: "end", x: LEFT - 8, y: y(level) + 4 }, words));
    }
    const every = Math.max(1, Math.ceil(found.bins.length / (inner / 62)));
    focus = Math.min(focus, found.bins.length - 1);
    const bars = found.bins.map((bin, k) => {
      const gap = Math.min(3, (x(bin.to) - x(bin.from)) * 0.15);
      const [from, to] = [x(bin.from) + gap / 2, Math.max(x(bin.to) - gap / 2, x(bin.from) + 1)];
      let base = 0;
      const pieces = STACK.map(([letter, code]) => {
        const level = value(bin, bin.counts[code]);
        if (!level) return null;
        const [low, high] = [y(base), y(base + level)];
        base += level;
        const tall = Math.max(low - high, 1.5);
        const roomy = tall >= 15 && to - from >= 14;
        return [
          svg("rect", { class: `pn-fill ${letter}`, x: from, y: low - tall, width: to - from, height: tall }),
          roomy ? svg("text", { class: "on", x: (from + to) / 2, y: low - tall / 2 + 4 }, letter) : null,
        ];
      });
      const top_ = y(base) - 6;
      const label = kind === "share" ? (bin.n ? share(bin.ectopic, bin.n) : "") : number(bin.ectopic);
      const roomy = to - from > label.length * 6.4;
      const tick = k % every === 0
        ? svg("text", { x: x(bin.from), y: HEIGHT - 8, class: k ? null : "first" },
          second === null ? elapsed(bin.from, total) : clock(bin.from, start).slice(0, 5)) : null;
      return [
        svg("g", {
          class: "pn-bar", role: "button", tabindex: k === focus ? 0 : -1, "aria-label": `${says(bin)}. Show it.`,
          "data-bin": k,
        },
        svg("rect", { class: "pn-hit", x: x(bin.from), y: TOP - 14, width: Math.max(x(bin.to) - x(bin.from), 1), height: plot + 14 }),
        pieces,
        roomy && bin.ectopic ? svg("text", { x: (from + to) / 2, y: top_ }, label) : null),
        tick,
      ];
    });
    const picture = svg("svg", {
      class: "pn-svg", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "group",
      "aria-label": `Ectopic beats ${kind === "share" ? "as share of all beats" : "by number"}, `
        + `one bar for every ${duration(found.width)}`,
    }, grid, bars);
    replace(chart, picture);
  }

  const binOf = (event) => {
    const bar = event.target.closest?.(".pn-bar");
    return bar ? Number(bar.dataset.bin) : -1;
  };
  const go = (k) => {
    showStretch(app, found.bins[k].from, found.bins[k].to);
  };
  chart.addEventListener("pointermove", (event) => {
    const k = binOf(event);
    reading.textContent = k < 0 ? "" : says(found.bins[k]);
  });
  chart.addEventListener("pointerleave", () => (reading.textContent = ""));
  chart.addEventListener("focusin", (event) => {
    const k = binOf(event);
    if (k >= 0) reading.textContent = says(found.bins[k]);
  });
  chart.addEventListener("focusout", () => (reading.textContent = ""));
  chart.addEventListener("click", (event) => binOf(event) >= 0 && go(binOf(event)));
  chart.addEventListener("keydown", (event) => {
    const k = binOf(event);
    if (k < 0) return;
    const last = found.bins.length - 1;
    const to = { ArrowRight: k + 1, ArrowLeft: k - 1, Home: 0, End: last }[event.key];
    if (event.key === "Enter" || event.key === " ") go(k);
    else if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (to === undefined || to < 0 || to > last) return;
    chart.querySelector('.pn-bar[tabindex="0"]')?.setAttribute("tabindex", "-1");
    focus = to;
    const next = chart.querySelector(`.pn-bar[data-bin="${to}"]`);
    next.setAttribute("tabindex", "0");
    next.focus();
  });

  function update() {
    found = burden(store.beats, total, second);
    const any = found.bins.some((bin) => bin.ectopic);
    body.hidden = !any;
    none.hidden = any;
    if (!any) {
      title.textContent = "Ectopic beats over time";
      replace(none, store.beats.n ? empty("No ectopic beat", "None of the beats was named S, V or F.")
        : empty("No beats", "None was found in this recording."));
      return;
    }
    const hourly = found.width === 3600;
    title.textContent = hourly ? "Ectopic beats by hour"
      : `Ectopic beats every ${found.width === 60 ? "minute" : `${found.width / 60} minutes`}`;
    replace(legend, STACK.map(([letter]) => h("span", {}, badge(letter), ` ${SHORT[letter]}`)),
      h("span", {}, "Above each bar: S, V and F together"));
    const rows = found.bins.map((bin) => [
      h("button", { type: "button", class: "pn-link", onclick: () => showStretch(app, bin.from, bin.to) },
        name(bin)),
      number(bin.n),
      ...STACK.flatMap(([, code]) => [number(bin.counts[code]), share(bin.counts[code], bin.n)]),
      share(bin.ectopic, bin.n),
    ]);
    replace(folded, numbers("These numbers as a table", table("Ectopic beats by time",
      ["Time", "Beats", "S", "S share", "V", "V share", "F", "F share", "Together"], rows, { hide: true })));
    draw();
  }
  return { element, update };
}
