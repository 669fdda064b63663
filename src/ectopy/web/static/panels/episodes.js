// What stands out in time: runs, pauses, bigeminy, the fastest and slowest stretches.

import { overview } from "./data.js";
import { badge, empty, h, replace } from "./dom.js";
import { ask, panel } from "./panel.js";
import { steps } from "./steps.js";
import { bpm, clock, count, elapsed, episodeName, number, seconds } from "./words.js";

const PAGE = 50;
const STRIP_S = 10;
const ORDER = ["pause", "run", "couplet", "bigeminy", "trigeminy", "fastest", "slowest"];

const COLUMNS = [
  { key: "start_s", name: "From", first: 1 },
  { key: "name", name: "What", first: 1 },
  { key: "length", name: "Length", first: -1, numeric: true },
  { key: "n_beats", name: "Beats", first: -1, numeric: true },
  { key: "rate_bpm", name: "Rate", first: -1, numeric: true },
];

/** Show the list of episodes in `root`. */
export function mount(root, app) {
  return panel(root, app, build);

  function build(box, life) {
    const { store } = app;
    const { duration_s: total, start } = store.analysis.recording;
    let [all, leftOut, shown, sort, order, rows] = [[], 0, PAGE, "start_s", 1, []];
    const hidden = new Set();
    const filters = h("div", { class: "pn-filters", role: "group", "aria-label": "Kinds to show" });
    const about = h("p", { class: "pn-note", role: "status" });
    const list = h("div", {});
    const content = h("div", {});
    box.append(h("section", { class: "pn-section" },
      h("h2", {}, "Episodes"),
      h("p", { class: "pn-note" }, "Choose one to see it in the strip; the arrow keys step from one "
        + "to the next, Home and End go to the first and the last."),
      content));

    const load = () => ask(content, life, {
      what: "Looking for episodes…",
      keep: true,
      question: (signal) => overview(app, signal),
      show: (answer) => {
        all = answer.episodes.map((each) => ({
          ...each, length: each.stop_s - each.start_s, name: episodeName(each.kind, each.label),
        }));
        leftOut = answer.episodes_left_out;
        if (all.length) replace(content, filters, about, list);
        else {
          replace(content, empty("Nothing stands out", "There are no pauses over two seconds, no "
            + "runs, couplets, bigeminy or trigeminy."));
        }
        drawFilters();
        draw();
      },
    });

    function drawFilters() {
      const rank = (each) => 2 * ORDER.indexOf(each.kind) + (each.label === "S" ? 1 : 0);
      const kinds = new Map();
      for (const each of [...all].sort((a, b) => rank(a) - rank(b))) {
        kinds.set(each.name, (kinds.get(each.name) ?? 0) + 1);
      }
      replace(filters, [...kinds].map(([name, n]) => h("button", {
        type: "button", class: "pn-chip", "aria-pressed": String(!hidden.has(name)),
        onclick: (event) => {
          if (!hidden.delete(name)) hidden.add(name);
          event.currentTarget.setAttribute("aria-pressed", String(!hidden.has(name)));
          shown = PAGE;
          draw();
        },
      }, name, h("span", { class: "pn-count" }, number(n)))),
      kinds.size > 2 ? h("button", { type: "button", class: "pn-link", onclick: () => {
        if (hidden.size) hidden.clear();
        else for (const name of kinds.keys()) hidden.add(name);
        drawFilters();
        draw();
      } }, hidden.size ? "Show all" : "Show none") : null);
    }

    function draw() {
      rows = all.filter((each) => !hidden.has(each.name)).sort((a, b) => {
        const [x, y] = [a[sort], b[sort]];
        const by = typeof x === "string" ? x.localeCompare(y) : x - y;
        return order * by || a.start_s - b.start_s;
      });
      const of = rows.length === all.length ? "" : ` of ${number(all.length)}`;
      about.textContent = `${number(rows.length)}${of} ${all.length === 1 ? "episode" : "episodes"}`
        + (leftOut ? `; ${number(leftOut)} more are too many to list` : "");
      if (!rows.length) {
        replace(list, empty("No episode of these kinds", "Choose a kind above."));
        return;
      }
      const head = COLUMNS.map(({ key, name, first, numeric }) => h("th", {
        scope: "col", class: numeric ? "n" : null,
        "aria-sort": key === sort ? (order > 0 ? "ascending" : "descending") : null,
      }, h("button", { type: "button", class: "pn-sort", onclick: () => {
        order = key === sort ? -order : first;
        sort = key;
        draw();
        list.querySelector(`[data-sort="${key}"]`)?.focus();
      }, "data-sort": key }, name,
      h("span", { "aria-hidden": "true" }, key === sort ? (order > 0 ? " ▲" : " ▼") : ""))));
      const body = h("tbody", {}, rows.slice(0, shown).map(drawRow));
      replace(list, h("div", { class: "pn-scroll" }, h("table", { class: "pn-table pn-episodes" },
        h("caption", { class: "said" }, "Episodes"), h("thead", {}, h("tr", {}, head)), body)),
      rows.length > shown ? h("button", { type: "button", class: "pn-more", onclick: () => {
        const from = shown;
        shown += 4 * PAGE;
        draw();
        stepping.focus(from);
      } }, `Show more (${number(rows.length - shown)} left)`) : null);
      markCurrent();
    }

    function drawRow(each, k) {
      const at = elapsed(each.start_s, total);
      const says = `${each.name} at ${at}, ${seconds(each.length, 1)}, `
        + `${count(each.n_beats, "beat")}, ${bpm(each.rate_bpm)}`;
      return h("tr", { "data-row": k },
        h("td", {}, h("button", { type: "button", class: "pn-link", tabindex: k ? -1 : 0, "aria-label": says },
          at), start ? h("span", { class: "pn-aside" }, ` ${clock(each.start_s, start)}`) : null),
        h("td", {}, h("span", { class: "pn-name" },
          each.label ? badge(each.label) : h("span", { class: "pn-blank" }), h("span", {}, each.name))),
        h("td", { class: "n" }, seconds(each.length, 1)),
        h("td", { class: "n" }, each.kind === "pause" ? "–" : number(each.n_beats)),
        h("td", { class: "n" }, each.kind === "pause" ? "–" : bpm(each.rate_bpm)));
    }

    function go(k) {
      const each = rows[k];
      const { beats } = store;
      const i = beats.nearest(each.start_s);
      const time = each.length <= STRIP_S ? (each.start_s + each.stop_s) / 2
        : each.start_s + STRIP_S / 2 - 1;
      app.jump(time, i < 0 ? {} : { select: beats.id[i] });
      app.announce(`${each.name}, ${seconds(each.length, 1)}, ${bpm(each.rate_bpm)}`);
    }
    function markCurrent() {
      const { start_s: from, stop_s: to } = store.view;
      list.querySelectorAll("tbody tr").forEach((row, k) => {
        const inView = rows[k].start_s < to && rows[k].stop_s > from;
        row.classList.toggle("pn-current", inView);
      });
    }
    const stepping = steps(list, { count: () => Math.min(shown, rows.length), go });
    life.on("beats", life.soon(load, 300));
    life.on("view", life.soon(markCurrent, 100));
    load();
  }
}
