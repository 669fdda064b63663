// Why a beat was named so: what the model leaned on, the intervals, the nearest average beat.

import { badge, empty, h, numbers, replace, table } from "./dom.js";
import { ask, panel } from "./panel.js";
import { signalOf } from "./signal.js";
import { whyPicture } from "./whypicture.js";
import {
  CLASSES, NAMES, SHORT, capital, elapsed, number, probability, share, signed,
} from "./words.js";

/** Show why the selected beat was named so in `root`. */
export function mount(root, app) {
  return panel(root, app, build);

  function build(box, life) {
    const { store } = app;
    const content = h("div", {});
    let shown = null;
    box.append(h("section", { class: "pn-section pn-why" }, h("h2", {}, "Why this label"), content));

    function load() {
      const i = store.selectedIndex;
      if (i < 0) {
        shown = null;
        const first = store.beats.abstained.indexOf(1);
        replace(content, empty("No beat is selected", "Select a beat in the strip, by a click or with "
          + "the full stop key, to see what its name rests on.",
        first < 0 ? null : h("button", { type: "button", onclick: () => app.jump(
          store.beats.time_s[first], { select: store.beats.id[first] }) }, "Take the first unsure beat")));
        return;
      }
      const { id } = store.analysis;
      const beat = store.beats.id[i];
      const key = `${beat} ${store.analysis.version}`;
      if (key === shown) return;
      shown = key;
      ask(content, life, {
        what: "Asking the model about pieces of this beat…",
        keep: true,
        question: async (signal) => {
          const why = await app.api.why(id, beat, { signal });
          const { fs } = store.analysis.recording;
          const { start_s, stop_s } = why.window;
          const piece = await signalOf(app, why.beat.sample + start_s * fs,
            why.beat.sample + stop_s * fs + 1, signal).catch(() => null);
          return { why, piece };
        },
        show: (answer) => replace(content, explain(answer)),
      }).then(() => {
        if (content.querySelector(".pn-error")) shown = null;
      });
    }

    function explain({ why, piece }) {
      const { recording } = store.analysis;
      const { beat, label } = why;
      const at = elapsed(beat.time_s, recording.duration_s, 1);
      const mine = beat.source === "u" ? (beat.label === label ? ` You confirmed it as ${label}.`
        : ` You named it ${beat.label}; below is why the model said ${label}.`) : "";
      const unsure = beat.abstained ? ` The model would rather not say${beat.reason ? `: ${beat.reason}` : ""}.` : "";
      return [
        h("p", { class: "pn-why-head" }, badge(label, Boolean(beat.abstained)),
          h("span", {}, h("b", {}, capital(NAMES[label])), ` at ${at}, probability ${
            probability(why.probability[CLASSES.indexOf(label)])}.${mine}${unsure}`)),
        why.says ? h("p", { class: "pn-says" }, sentence(why.says)) : null,
        h("div", { class: "pn-why-grid" },
          h("div", {},
            h("h3", {}, "Which part of the signal moved the decision"),
            whyPicture(why, piece, recording.fs, content.clientWidth),
            h("p", { class: "pn-note" }, "Each piece in turn was replaced by a straight line and the "
              + "beat was named anew. Where the probability falls, the model leaned on that piece. "
              + "That tells what this model used, not what the heart did: pieces can stand in for one "
              + "another, a straight line is no natural signal, and the intervals between beats, "
              + "which the model also takes into account, are not in this picture."),
            numbers("These numbers as a table", importanceTable(why))),
          h("div", {},
            probabilityTable(why), intervals(why), likeness(why))),
      ];
    }

    life.on("select", life.soon(load, 250));
    life.on("beats", life.soon(load, 250));
    load();
  }
}

const sentence = (text) => capital(text.trim()).replace(/(^|\s)-(?=\d)/g, "$1−")
  + (/[.!?]$/.test(text.trim()) ? "" : ".");

function importanceTable(why) {
  const { bin_s: width } = why.window;
  const rows = why.time_s.map((time, k) => [
    `${signed(time - width / 2, 3)} to ${signed(time + width / 2, 3)} s`, signed(why.importance[k], 3),
  ]);
  return table(`Fall of the probability of ${why.label} without each piece`,
    ["From the R peak", `Fall of P(${why.label})`], rows, { hide: true });
}

function probabilityTable(why) {
  const best = why.probability.indexOf(Math.max(...why.probability));
  const named = CLASSES.indexOf(why.label);
  return [
    h("table", { class: "pn-table pn-bars" },
      h("caption", {}, "Probability of each class"),
      h("thead", { class: "said" }, h("tr", {}, ["Class", "Probability", "As a bar"].map(
        (cell) => h("th", { scope: "col" }, cell)))),
      h("tbody", {}, CLASSES.map((name, k) => {
        const bar = h("i", { class: `pn-meter ${name}` });
        bar.style.setProperty("width", `${(100 * why.probability[k]).toFixed(2)}%`);
        return h("tr", { class: k === named ? "pn-sum" : null },
          h("th", { scope: "row" }, badge(name), h("span", { class: "said" }, NAMES[name])),
          h("td", { class: "n" }, probability(why.probability[k])),
          h("td", { class: "pn-track", "aria-hidden": "true" }, h("span", {}, bar)));
      }))),
    best === named ? null : h("p", { class: "pn-note" }, `The named class is not the most probable `
      + "one: the model weighs rare classes up before it decides."),
  ];
}

function intervals(why) {
  const { rr } = why;
  const ms = (value) => (value === null ? "not known" : `${number(1000 * value)} ms`);
  const than = (ratio, less, more) => {
    if (ratio === null) return "";
    const change = Math.abs(ratio - 1);
    return change < 0.03 ? "as usual" : `${share(change, 1)} ${ratio < 1 ? less : more}`;
  };
  const early = than(rr.before_ratio, "early", "late");
  const rows = [
    ["Before this beat", ms(rr.before_s), early],
    ["After this beat", ms(rr.after_s), than(rr.after_ratio, "shorter than usual", "longer than usual")],
    ["Usual here", ms(rr.typical_s), ""],
  ];
  const onTime = rr.on_time_probability;
  const named = CLASSES.indexOf(why.label);
  const top = onTime ? onTime.indexOf(Math.max(...onTime)) : -1;
  return [
    h("h3", {}, "The intervals"),
    rr.says ? h("p", { class: "pn-says" }, sentence(rr.says)) : null,
    table("Intervals around this beat", ["Interval", "Length", "Against the usual"], rows, { hide: true }),
    onTime && Math.abs(onTime[named] - why.probability[named]) >= 0.01
      ? h("p", { class: "pn-note" }, `With the usual interval in front of it the model would give ${
        why.label} ${probability(onTime[named])} instead of ${probability(why.probability[named])}${
        top === named ? "" : `, and ${CLASSES[top]} ${probability(onTime[top])}`}.`) : null,
  ];
}

function likeness(why) {
  const similar = Object.entries(why.similar ?? {}).sort((a, b) => b[1] - a[1]);
  if (!similar.length) return null;
  return [
    h("h3", {}, "The shape"),
    table("Likeness to the average beats of this recording", ["Average beat", "Correlation"],
      similar.map(([name, r]) => [h("span", { class: "pn-name" }, badge(name), h("span", {}, SHORT[name])), number(r, 2)])),
    h("p", { class: "pn-note" }, "1 is the same shape, 0 none in common."),
  ];
}
