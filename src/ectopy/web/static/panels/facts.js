// The facts in numbers: beats by class, and what stands out, each with the way to it.

import { tally } from "./compute.js";
import { covered } from "./data.js";
import { badge, h, replace, scroller } from "./dom.js";
import { section } from "./panel.js";
import {
  CLASSES, NAMES, bpm, capital, clock, count, duration, elapsed, number, share,
} from "./words.js";

const PATTERNS = [
  ["run", "V", "Ventricular runs", "3 or more in a row"],
  ["couplet", "V", "Ventricular couplets", "2 in a row"],
  ["bigeminy", "V", "Ventricular bigeminy", "every second beat"],
  ["trigeminy", "V", "Ventricular trigeminy", "every third beat"],
  ["run", "S", "Supraventricular runs", "3 or more in a row"],
  ["couplet", "S", "Supraventricular couplets", "2 in a row"],
  ["bigeminy", "S", "Supraventricular bigeminy", "every second beat"],
  ["trigeminy", "S", "Supraventricular trigeminy", "every third beat"],
];

/** The section with both tables; `update()` takes the beats anew, `poor()` the signal. */
export function factsSection(app, life) {
  const { store } = app;
  const classes = h("div", {});
  const rhythm = h("div", {});
  let [stretches, episodes] = [null, null];
  const element = section("The facts in numbers", null,
    h("div", { class: "pn-columns" }, classes, rhythm));

  function update() {
    replace(classes, scroller(classTable(store.beats), "Beats by class"));
    replace(rhythm, scroller(rhythmTable(app, stretches, episodes ?? store.analysis.rhythm?.episodes ?? []), "What stands out"));
  }
  life.on("analysis", update);
  return {
    element,
    update,
    /** Take stretches of poor signal. */
    poor(found) {
      stretches = found;
      update();
    },
    /** Take the episodes of the server, which knows of the edits. */
    episodes(found) {
      episodes = found;
      update();
    },
  };
}

function classTable(beats) {
  const { counts, unsure } = tally(beats);
  const edited = beats.edited.reduce((sum, each) => sum + each, 0);
  const perClass = [0, 0, 0, 0, 0];
  for (let i = 0; i < beats.n; i += 1) if (beats.edited[i]) perClass[beats.code[i]] += 1;
  const cells = (n, doubt, mine) => [
    h("td", { class: "n" }, number(n)), h("td", { class: "n" }, share(n, beats.n)),
    h("td", { class: "n" }, number(doubt)), edited ? h("td", { class: "n" }, number(mine)) : null,
  ];
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  return h("table", { class: "pn-table" },
    h("caption", {}, "Beats by class"),
    h("thead", {}, h("tr", {},
      h("th", { scope: "col" }, "Class"), h("th", { scope: "col", class: "n" }, "Beats"),
      h("th", { scope: "col", class: "n" }, "Share"), h("th", { scope: "col", class: "n" }, "Unsure"),
      edited ? h("th", { scope: "col", class: "n" }, "By you") : null)),
    h("tbody", {},
      CLASSES.map((name, k) => h("tr", { class: counts[k] ? null : "pn-none" },
        h("th", { scope: "row" }, h("span", { class: "pn-name" }, badge(name), h("span", {}, capital(NAMES[name])))),
        cells(counts[k], unsure[k], perClass[k]))),
      h("tr", { class: "pn-sum" }, h("th", { scope: "row" }, "All beats"),
        cells(beats.n, sum(unsure), edited))));
}

function rhythmTable(app, stretches, episodes) {
  const { store } = app;
  const { analysis, beats } = store;
  const { duration_s: total, start } = analysis.recording;
  const rhythm = analysis.rhythm ?? {};
  const go = (time, id, what) => h("button", {
    type: "button", class: "pn-link", "aria-label": `Go to ${what} at ${elapsed(time, total)}`,
    onclick: () => app.jump(time, id === null ? {} : { select: id }),
  }, start ? clock(time, start).slice(0, 8) : elapsed(time, total));
  const row = (name, note, value, where = null) => h("tr", { class: value === "none" ? "pn-none" : null },
    h("th", { scope: "row" }, name, note ? h("span", { class: "pn-aside" }, ` ${note}`) : null),
    h("td", { class: "n" }, value), h("td", { class: "n" }, where));
  const near = (time) => (beats.n ? beats.id[beats.nearest(time)] : null);

  const [fast, slow] = ["fastest", "slowest"].map((kind) => episodes.find((e) => e.kind === kind));
  const rows = [
    row("Mean heart rate", "", bpm(rhythm.mean_bpm ?? null)),
    row("Lowest heart rate", "mean of 8 intervals", bpm(slow?.rate_bpm ?? rhythm.min_bpm ?? null),
      slow ? go((slow.start_s + slow.stop_s) / 2, near(slow.start_s), "the slowest stretch") : null),
    row("Highest heart rate", "mean of 8 intervals", bpm(fast?.rate_bpm ?? rhythm.max_bpm ?? null),
      fast ? go((fast.start_s + fast.stop_s) / 2, near(fast.start_s), "the fastest stretch") : null),
  ];
  if (Number.isFinite(rhythm.irregularity)) {
    rows.push(row("Normal intervals", `RMSSD is ${share(rhythm.irregularity, 1)} of the mean`,
      rhythm.irregular ? "irregular" : "regular"));
  }
  const longest = (list, size) => list.reduce((a, b) => (size(b) > size(a) ? b : a));
  const pauses = episodes.filter((each) => each.kind === "pause");
  if (pauses.length) {
    const worst = longest(pauses, (each) => each.stop_s - each.start_s);
    rows.push(row("Pauses", `longest ${(worst.stop_s - worst.start_s).toFixed(1)} s`,
      number(pauses.length), go((worst.start_s + worst.stop_s) / 2, near(worst.start_s), "the longest pause")));
  } else rows.push(row("Pauses", "over 2 s", "none"));
  for (const [kind, label, name, note] of PATTERNS) {
    const all = episodes.filter((each) => each.kind === kind && each.label === label);
    if (!all.length) {
      if (kind === "run" || kind === "couplet") rows.push(row(name, note, "none"));
      continue;
    }
    const most = longest(all, (each) => each.n_beats);
    const said = kind === "couplet" ? note : `longest ${count(most.n_beats, "beat")}`
      + (kind === "run" ? ` at ${bpm(most.rate_bpm)}` : "");
    rows.push(row(name, said, number(all.length),
      go(most.start_s, near(most.start_s), `the ${kind === "couplet" ? "first" : "longest"}`)));
  }
  const { unsure } = tally(beats);
  const doubtful = unsure.reduce((a, b) => a + b, 0);
  const first = doubtful ? firstUnsure(beats) : -1;
  rows.push(row("Would rather not say", doubtful ? count(doubtful, "beat") : "", doubtful ? share(doubtful, beats.n) : "none",
    first < 0 ? null : go(beats.time_s[first], beats.id[first], "the first unsure beat")));
  if (stretches) {
    const poor = Math.min(covered(stretches), total);
    const worst = stretches.length ? longest(stretches, (each) => each.stop_s - each.start_s) : null;
    rows.push(row("Signal too poor to trust", worst ? duration(poor) : "", worst ? share(poor, total) : "none",
      worst ? go(worst.start_s, null, "the longest poor stretch") : null));
  }
  return h("table", { class: "pn-table" },
    h("caption", {}, "Rhythm and what stands out"),
    h("thead", { class: "said" }, h("tr", {}, ["Fact", "Value", "Where"].map(
      (cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, rows));
}

function firstUnsure(beats) {
  for (let i = 0; i < beats.n; i += 1) if (beats.abstained[i]) return i;
  return -1;
}
