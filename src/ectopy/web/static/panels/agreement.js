// The second reader: how far two readers agree, and where they do not.

import { badge, choice, empty, h, replace, scroller, table } from "./dom.js";
import { ask, panel } from "./panel.js";
import { steps } from "./steps.js";
import { CLASSES, NAMES, SHORT, clock, count, elapsed, number, share } from "./words.js";

const PAGE = 100;
const RUNS = { couplets: "couplets", short: "runs of 3 to 5", long: "longer runs" };
const WORDS = { O: "no beat", X: "unreadable" };

// How people compare, kept while they look elsewhere.
const asked = { learning_s: 0, escape_beats: "S" };

/** Show the agreement with a second reader in `root`. */
export function mount(root, app) {
  return panel(root, app, build, { evenBlind: true });

  function build(box, life) {
    const { store } = app;
    const content = h("div", {});
    box.append(h("section", { class: "pn-section" }, h("h2", {}, "Second reader"), content));
    let was = store.reader;

    const loadButton = (text) => h("button", { type: "button", onclick: () => app.reader.open() }, text);

    function start() {
      if (!store.reader) {
        replace(content, empty("Compare with an expert", "Load someone else's annotations of this "
          + "recording: WFDB (.atr and the like), or CSV or JSON with the columns sample and label. "
          + "You see how far both agree, and step through the beats on which they do not. Read blind "
          + "first, and the program's names stay hidden until you ask for them.",
        loadButton("Load a second reader …")));
      } else if (store.blind) {
        replace(content, empty("You read blind", `The program's names are hidden. ${
          store.reader.name} has ${count(store.reader.beats.n, "beat")}. How far the two agree would `
          + "tell what is hidden, and so it stays hidden, too.",
        h("button", { type: "button", onclick: () => app.reader.setBlind(false) }, "End blind reading and compare")));
      } else load();
    }

    function load() {
      const { id } = store.analysis;
      const result = content.querySelector(".pn-agreement") ?? h("div", { class: "pn-agreement" });
      if (!result.parentElement) replace(content, controls(), result);
      ask(result, life, {
        what: "Comparing…",
        keep: result.childElementCount > 0,
        question: (signal) => app.api.agreement(id, asked, { signal }),
        show: (answer) => showAgreement(result, answer, app),
      });
    }

    function controls() {
      return h("div", { class: "pn-row" },
        h("span", {}, "Compared with ", h("b", {}, store.reader.name)),
        loadButton("Load another …"),
        h("button", { type: "button", onclick: () => app.reader.setBlind(true) }, "Read blind"),
        choice("agreement-learning", "From when on beats count", [
          [0, "All beats", "Every beat counts"],
          [300, "After 5 min", "The first five minutes do not count, as in EC57"],
        ], asked.learning_s, (value) => {
          asked.learning_s = value;
          load();
        }),
        choice("agreement-escape", "Escape beats count as", [
          ["S", "Escape beats as S", "As the EC57 tools do"],
          ["N", "as N", "As de Chazal and the Kaggle data do"],
        ], asked.escape_beats, (value) => {
          asked.escape_beats = value;
          load();
        }));
    }

    life.on("reader", () => {
      const same = store.reader && was && store.reader.name === was.name && store.reader.beats === was.beats;
      was = store.reader;
      if (!same) {
        content.replaceChildren();
        start();
      }
    });
    life.on("beats", life.soon(() => store.reader && !store.blind && load(), 500));
    start();
  }
}

function showAgreement(box, found, app) {
  const rest = found.compared - found.agreed;
  const list = h("div", {});
  const pick = { row: null, column: null };
  const disagreements = disagreementList(list, found, app, pick);
  replace(box,
    h("dl", { class: "pn-tiles" },
      tile(found.kappa === null ? "–" : number(found.kappa, 3), "Cohen's kappa", "1 is perfect, 0 is chance"),
      tile(share(found.agreed, found.compared), "agree", `${number(found.agreed)} of ${count(found.compared, "beat")}`),
      tile(number(rest), rest === 1 ? "disagreement" : "disagreements", rest ? "listed below" : "none at all"),
      tile(found.rr_error_ms === null ? "–" : `${number(found.rr_error_ms, 1)} ms`, "RR error", "root mean square")),
    h("div", { class: "pn-columns" },
      h("div", {}, scroller(matrixTable(found, (row, column) => disagreements.filter(row, column)), "Confusion matrix"),
        h("p", { class: "pn-note" }, "Rows: the second reader. Columns: the program, with your edits. "
          + "A number off the diagonal leads to its beats.")),
      h("div", {}, scroller(ecTable(found), "EC57 figures"),
        h("p", { class: "pn-note" }, "By the rules of ANSI/AAMI EC57; the second reader is the "
          + "reference. Se: share of their beats that the program has, too; +P: share of the "
          + "program's that they have. VEB and SVEB forgive what the standard forgives, the five "
          + "classes nothing."))),
    h("h3", {}, "Where they disagree"), list);
  disagreements.draw();
}

function tile(value, name, note) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value), h("dd", { class: "pn-aside" }, note));
}

function matrixTable(found, onpick) {
  const { matrix } = found;
  const rows = [...found.rows];
  const sumRow = (k) => matrix[k].reduce((a, b) => a + b, 0);
  const sumColumn = (k) => matrix.reduce((sum, row) => sum + row[k], 0);
  const used = (k, sum) => k < 5 || sum(k) > 0;
  const [r, c] = [rows.map((_, k) => k).filter((k) => used(k, sumRow)), rows.map((_, k) => k).filter((k) => used(k, sumColumn))];
  const head = (name) => (CLASSES.includes(name) ? [badge(name), h("span", { class: "said" }, NAMES[name])] : WORDS[name]);
  const cell = (i, j) => {
    const n = matrix[i][j];
    const right = i === j;
    const total = sumRow(i);
    const made = h("td", { class: `n${right ? " right" : n ? " wrong" : " zero"}` },
      n && !right ? h("button", { type: "button", class: "pn-link",
        "aria-label": `${number(n)}: second reader ${WORDS[rows[i]] ?? rows[i]}, program ${WORDS[rows[j]] ?? rows[j]}. List them.`,
        onclick: () => onpick(rows[i], rows[j]) }, number(n)) : number(n));
    if (n && total) made.style.setProperty("--share", String(Math.round(8 + (42 * n) / total)));
    return made;
  };
  return h("table", { class: "pn-table pn-matrix" },
    h("caption", {}, "Confusion matrix"),
    h("thead", {},
      h("tr", {}, h("td", {}), h("th", { scope: "colgroup", colspan: c.length, class: "pn-over" }, "Program")),
      h("tr", {}, h("th", { scope: "col" }, "Second reader"), c.map((j) => h("th", { scope: "col", class: "n" }, head(rows[j]))))),
    h("tbody", {}, r.map((i) => h("tr", {}, h("th", { scope: "row" }, head(rows[i])), c.map((j) => cell(i, j))))));
}

function ecTable(found) {
  const rate = (value) => (value === null || value === undefined ? "–" : `${number(value, 2)} %`);
  const row = (name, score) => [name, rate(score.se), rate(score.ppv), rate(score.f1),
    number(score.tp), number(score.fn), number(score.fp)];
  const gross = [row("QRS", found.qrs), row("VEB", found.veb), row("SVEB", found.sveb)];
  const runs = Object.entries(found.runs ?? {}).flatMap(([kind, sorts]) => Object.entries(RUNS)
    .filter(([sort]) => sorts[sort] && sorts[sort].tp + sorts[sort].fn + sorts[sort].fp > 0)
    .map(([sort, words]) => row(`${kind.toUpperCase()} ${words}`, sorts[sort])));
  const classes = CLASSES.filter((name) => found.classes[name]).map((name) => row(
    [badge(name), h("span", { class: "said" }, NAMES[name])], found.classes[name]));
  return table("EC57 figures", ["", "Se", "+P", "F1", "Both", "Missed", "Extra"], [...gross, ...classes, ...runs]);
}

/** The list of disagreements: filter, next and previous, arrow keys. */
function disagreementList(box, found, app, pick) {
  const { store } = app;
  const { duration_s: total, start } = store.analysis.recording;
  const all = found.disagreements;
  let [rows, shown, at] = [all, PAGE, -1];
  const name = (label) => (label === null ? "no beat" : label);
  const says = (each) => `Second reader ${name(each.theirs)}, program ${name(each.ours)} at ${
    elapsed(each.time_s, total, 1)}`;
  const about = h("p", { class: "pn-note", role: "status" });
  const host = h("div", { class: "pn-limited" });
  const stepping = steps(host, { count: () => Math.min(rows.length, shown), go });
  const move = (by) => {
    const k = at < 0 ? (by > 0 ? nextInTime() : 0) : at + by;
    if (k < 0 || k >= rows.length) {
      app.announce(by > 0 ? "No further disagreement" : "No earlier disagreement");
      return;
    }
    while (k >= shown) shown += PAGE;
    if (host.querySelectorAll("tbody tr").length < Math.min(rows.length, shown)) drawRows();
    stepping.to(k);
  };
  const nextInTime = () => {
    const k = rows.findIndex((each) => each.time_s >= store.view.start_s);
    return k < 0 ? 0 : k;
  };

  function go(k) {
    at = k;
    const each = rows[k];
    app.jump(each.time_s, each.id === null ? {} : { select: each.id });
    app.announce(`${k + 1} of ${rows.length}. ${says(each)}`);
    host.querySelectorAll("tbody tr").forEach((row, j) => row.classList.toggle("pn-current", j === k));
  }
  function drawRows() {
    replace(host, h("table", { class: "pn-table pn-episodes" },
      h("caption", { class: "said" }, "Disagreements"),
      h("thead", {}, h("tr", {}, ["Time", "Second reader", "Program"].map((cell) => h("th", { scope: "col" }, cell)))),
      h("tbody", {}, rows.slice(0, shown).map((each, k) => h("tr", { "data-row": k, class: k === at ? "pn-current" : null },
        h("td", {}, h("button", { type: "button", class: "pn-link", tabindex: k === Math.max(at, 0) ? 0 : -1, "aria-label": says(each) },
          elapsed(each.time_s, total, 1)), start ? h("span", { class: "pn-aside" }, ` ${clock(each.time_s, start)}`) : null),
        h("td", {}, named(each.theirs)), h("td", {}, named(each.ours)))))),
    rows.length > shown ? h("button", { type: "button", class: "pn-more", onclick: () => {
      const from = shown;
      shown += 4 * PAGE;
      drawRows();
      stepping.focus(from);
    } }, `Show more (${number(rows.length - shown)} left)`) : null);
  }
  const named = (label) => (label === null ? h("span", { class: "pn-aside" }, "no beat")
    : h("span", { class: "pn-name" }, badge(label), h("span", {}, SHORT[label])));

  function draw() {
    const { row, column } = pick;
    const label = (letter) => (CLASSES.includes(letter) ? letter : null);
    rows = row === null ? all : all.filter((each) => each.theirs === label(row) && each.ours === label(column));
    [shown, at] = [PAGE, -1];
    if (!all.length) {
      replace(box, empty("They agree on every beat", ""));
      return;
    }
    about.textContent = row === null ? `${count(rows.length, "beat")}${
      found.disagreements_left_out ? `; ${number(found.disagreements_left_out)} more are too many to list` : ""}`
      : `${count(rows.length, "beat")}: second reader ${WORDS[row] ?? row}, program ${WORDS[column] ?? column}`;
    replace(box,
      h("div", { class: "pn-row" },
        h("button", { type: "button", onclick: () => move(-1) }, "← Previous"),
        h("button", { type: "button", onclick: () => move(1) }, "Next →"),
        row === null ? null : h("button", { type: "button", class: "pn-link", onclick: () => filter(null, null) }, "Show all"),
        about),
      host);
    drawRows();
  }
  function filter(row, column) {
    Object.assign(pick, { row, column });
    draw();
    stepping.focus(0);
    box.scrollIntoView({ block: "nearest" });
  }
  return { draw, filter };
}
