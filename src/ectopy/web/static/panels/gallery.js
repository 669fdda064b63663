// Beats of one class side by side, the least sure first: look, jump, rename.

import { singleKeys } from "../keys.js";
import { Review } from "../review.js";
import { badge, choice, empty, h, replace, svg } from "./dom.js";
import { ask, panel } from "./panel.js";
import { curve, paperRange, sheet } from "./paper.js";
import { quantile } from "./compute.js";
import { CLASSES, NAMES, SHORT, elapsed, number, probability } from "./words.js";

const PAGE = 48;
const MM = 4.4;
const ORDERS = [
  ["-confidence", "Least sure first"], ["confidence", "Surest first"], ["time", "In time"],
];

// Where people left off, as the panel is mounted anew each time its tab is chosen.
const left = { id: null, label: null, order: "-confidence", offset: 0, lead: null };

/** Show the gallery in `root`. */
export function mount(root, app) {
  return panel(root, app, build);

  function build(box, life) {
    const { store } = app;
    const { id, recording, lead: own } = store.analysis;
    const total = recording.duration_s;
    if (left.id !== id) Object.assign(left, { id, label: null, offset: 0, lead: null });
    let page = null;
    const tabs = h("div", { class: "pn-filters", role: "group", "aria-label": "Class to show" });
    const note = h("p", { class: "pn-note" });
    const grid = h("div", {});
    const pager = h("nav", { class: "pn-pager", "aria-label": "Pages of the gallery" });
    const leads = recording.leads.length > 1 ? h("label", { class: "pn-field" }, "Lead ",
      h("select", { onchange: (event) => {
        left.lead = Number(event.currentTarget.value);
        load();
      } }, recording.leads.map((lead, k) => h("option", {
        value: k, selected: left.lead === null ? lead === own : left.lead === k,
      }, lead)))) : null;
    box.append(h("section", { class: "pn-section" },
      h("h2", {}, "Gallery"),
      tabs,
      h("div", { class: "pn-row" },
        choice("gallery-order", "Order", ORDERS, left.order, (order) => {
          Object.assign(left, { order, offset: 0 });
          load();
        }), leads),
      note, grid, pager));

    function drawTabs() {
      const counts = store.beats.counts();
      const present = CLASSES.filter((name) => counts[name]);
      if (!present.includes(left.label)) {
        const ectopic = present.filter((name) => name !== "N").sort((a, b) => counts[b] - counts[a]);
        left.label = ectopic[0] ?? present[0] ?? null;
        left.offset = 0;
      }
      const focused = tabs.contains(document.activeElement);
      replace(tabs, present.map((name) => h("button", {
        type: "button", class: "pn-chip one", "aria-pressed": String(name === left.label), title: NAMES[name],
        onclick: () => {
          Object.assign(left, { label: name, offset: 0 });
          drawTabs();
          load();
        },
      }, badge(name), SHORT[name], h("span", { class: "pn-count" }, number(counts[name])))));
      if (focused) tabs.querySelector('[aria-pressed="true"]')?.focus();
    }

    function load(focus = -1) {
      if (left.label === null) {
        replace(grid, empty("No beats", "There are none to show in this recording."));
        return null;
      }
      const query = { label: left.label, order: left.order, offset: left.offset, limit: PAGE };
      if (left.lead !== null) query.lead = left.lead;
      return ask(grid, life, {
        what: "Fetching beats…",
        keep: page !== null,
        question: (signal) => app.api.gallery(id, query, { signal }),
        show: (answer) => {
          page = answer;
          draw();
          if (focus >= 0) thumbs()[Math.min(focus, thumbs().length - 1)]?.focus();
        },
      });
    }

    function draw() {
      if (!page.beats.length) {
        replace(grid, empty(`No beats of class ${left.label} here`, ""));
        replace(pager);
        return;
      }
      const range = commonRange(page.beats);
      const [from, to] = [page.time_s[0], page.time_s[page.time_s.length - 1]];
      const paper = sheet({ from, to, range, mm: MM * Math.min(1, 10 / range.gain) ** 0.25 });
      note.textContent = `Lead ${page.lead}, all on one scale: a square is 0.2 s and `
        + `${number(5 / range.gain, 5 / range.gain < 0.5 ? 2 : 1)} mV. Arrow keys move, Enter shows `
        + "the beat in the strip, N S V F Q name it.";
      replace(grid, h("ul", { class: "pn-gallery" }, page.beats.map((beat, k) => thumb(beat, k, paper))));
      refresh();
      drawPager();
    }

    function thumb(beat, k, { width, height, x, y, grid: lines }) {
      const picture = svg("svg", { class: "pn-paper", viewBox: `0 0 ${width.toFixed(1)} ${height.toFixed(1)}`,
        "aria-hidden": "true" },
      lines.map((line) => line?.cloneNode(true)),
      svg("path", { class: `pn-line ${beat.label}`, d: curve(page.time_s, beat.mv, x, y) }));
      return h("li", {}, h("button", {
        type: "button", class: "pn-thumb", tabindex: k ? -1 : 0, "data-k": k, "data-id": beat.id,
      }, picture, h("span", { class: "pn-thumb-words" })));
    }

    const thumbs = () => [...grid.querySelectorAll(".pn-thumb")];

    /** Bring the words of the thumbnails up to date; the pictures stay. */
    function refresh() {
      const { beats } = store;
      for (const button of thumbs()) {
        const shown = page.beats[Number(button.dataset.k)];
        const i = beats.indexOf(shown.id);
        const label = i < 0 ? null : beats.label(i);
        const moved = label !== page.label;
        const sure = shown.confidence === null ? "added by you" : probability(shown.confidence);
        const at = elapsed(shown.time_s, total, 1);
        const unsure = i >= 0 && beats.abstained[i] === 1;
        const edited = i >= 0 && beats.edited[i] === 1;
        button.classList.toggle("moved", moved);
        button.setAttribute("aria-pressed", String(store.selected === shown.id));
        button.setAttribute("aria-label", label === null ? `Deleted beat at ${at}`
          : `${label}${unsure ? ", unsure" : ""}${edited ? ", named by you" : ""} at ${at}, ${
            shown.confidence === null ? sure : `probability ${sure}`}`);
        replace(button.lastChild,
          label === null ? "deleted" : badge(label, unsure),
          h("span", {}, at), h("span", { class: "pn-thumb-sure" }, edited ? `✎ ${sure}` : sure));
        const line = button.querySelector(".pn-line");
        line.setAttribute("class", `pn-line ${label ?? ""}`);
      }
    }

    function drawPager() {
      const { offset, total: all } = page;
      const last = Math.min(offset + page.beats.length, all);
      const turn = (by, focus = 0) => {
        left.offset = Math.max(0, offset + by);
        return load(focus);
      };
      replace(pager,
        h("button", { type: "button", disabled: offset === 0, onclick: () => turn(-PAGE) }, "← Before"),
        h("span", { role: "status" }, `${number(offset + 1)} – ${number(last)} of ${number(all)}`),
        h("button", { type: "button", disabled: last >= all, onclick: () => turn(PAGE) }, "Next →"));
      pager.hidden = all <= PAGE;
      pager.turn = turn;
    }

    function show(k) {
      const beat = page.beats[k];
      if (beat && store.beats.indexOf(beat.id) >= 0) app.jump(beat.time_s, { select: beat.id });
    }
    function focusOn(k) {
      const all = thumbs();
      if (!all[k]) return;
      for (const each of all) each.tabIndex = -1;
      all[k].tabIndex = 0;
      all[k].focus();
    }
    const columns = () => {
      const all = thumbs();
      const top = all[0]?.offsetTop;
      const n = all.findIndex((each) => each.offsetTop !== top);
      return n < 0 ? all.length : n;
    };
    grid.addEventListener("click", (event) => {
      const button = event.target.closest(".pn-thumb");
      if (!button) return;
      focusOn(Number(button.dataset.k));
      show(Number(button.dataset.k));
    });
    grid.addEventListener("keydown", (event) => {
      const button = event.target.closest(".pn-thumb");
      if (!button || event.ctrlKey || event.metaKey || event.altKey) return;
      const k = Number(button.dataset.k);
      const name = event.key.length === 1 ? event.key.toUpperCase() : event.key;
      if (CLASSES.includes(name) && !event.shiftKey) {
        if (store.beats.indexOf(page.beats[k].id) < 0) return;
        store.select(page.beats[k].id);
        // Where single letters work everywhere, the page itself names the selected beat.
        if (singleKeys.everywhere()) return;
        reviewOf(app).relabel(name);
      } else if (event.key === "PageDown" || event.key === "PageUp") {
        const by = event.key === "PageDown" ? PAGE : -PAGE;
        const possible = by > 0 ? page.offset + PAGE < page.total : page.offset > 0;
        if (possible) pager.turn(by, 0);
      } else {
        const to = { ArrowRight: k + 1, ArrowLeft: k - 1, ArrowDown: k + columns(),
          ArrowUp: k - columns(), Home: 0, End: page.beats.length - 1 }[event.key];
        if (to === undefined) return;
        focusOn(to);
      }
      event.preventDefault();
      event.stopPropagation();
    });
    life.on("beats", () => {
      drawTabs();
      if (page) refresh();
      else load();
    });
    life.on("select", () => page && refresh());
    drawTabs();
    load();
  }
}

const reviewOf = (app) => (app.review ??= new Review(app));

/** One range for all: what nearly all of the signal needs. */
function commonRange(beats) {
  const [lows, highs] = [[], []];
  for (const { mv } of beats) {
    const known = mv.filter((value) => value !== null);
    if (!known.length) continue;
    lows.push(Math.min(...known));
    highs.push(Math.max(...known));
  }
  lows.sort((a, b) => a - b);
  highs.sort((a, b) => a - b);
  if (!lows.length) return paperRange(-0.5, 0.5);
  return paperRange(quantile(lows, 0.04), quantile(highs, 0.96), { most: 30 });
}
