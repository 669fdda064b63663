/**
 * The shell: which recording is open, which panel is shown, and what all parts share.
 *
 * Each panel is a module `panels/<name>.js` with `mount(root, app)`. It fills `root` (an empty
 * element that is visible and has its width), may listen to `app.store`, and may return a function
 * that is called when it is left. A panel is mounted anew when its tab is chosen and when another
 * recording is opened. What `app` holds:
 *
 *   app.api                 the server, see api.js
 *   app.store               the analysis, its beats, selection and view, see store.js
 *   app.format              times and numbers as text, see format.js
 *   app.colours             token(name), badge(label), NAMES, MARKS, see colours.js
 *   app.element             makes an element, see dom.js
 *   app.jump(time_s, {select: id})   centre the strip there, and select a beat
 *   app.showRange(start_s, stop_s)   show a stretch in the strip
 *   app.announce(text)      tell people who do not see the screen
 *   app.toast(text)         tell everyone, for a moment
 *   app.complain(error)     show what went wrong
 *   app.show(panel)         go to another tab, such as app.show("why")
 *   app.strip               the strip itself, see strip/strip.js
 *   app.reader              the second reader: open() asks, load(body), drop(), setBlind(yes)
 */

import { api } from "./api.js";
import { BeatBar } from "./beatbar.js";
import * as colours from "./colours.js";
import { element } from "./dom.js";
import { ExportMenu } from "./export.js";
import { findBeat, kindName } from "./find.js";
import * as format from "./format.js";
import { millimetre, openHelp } from "./help.js";
import { listenKeys } from "./keys.js";
import { SecondReader } from "./reader.js";
import { Review } from "./review.js";
import { readRoute, writeRoute } from "./route.js";
import { Start } from "./start.js";
import { Beats, FIELDS, Store } from "./store.js";
import { OverviewMap } from "./strip/map.js";
import { Strip } from "./strip/strip.js";
import { Tiles } from "./strip/tiles.js";
import { Tabs } from "./tabs.js";
import { followTheme } from "./theme.js";
import { Toolbar } from "./toolbar.js";

const MOST_LEADS = 12;

const at = (id) => document.getElementById(id);
const store = new Store();
const app = { api, store, format, colours, element };
globalThis.ectopy = app;

// What the parts share

app.announce = (text) => {
  at("live").textContent = "";
  requestAnimationFrame(() => {
    at("live").textContent = text;
  });
};

app.toast = (text, kind = "") => {
  const shown = element("p", { class: `toast ${kind}`.trim() }, text);
  at("toasts").append(shown);
  app.announce(text);
  setTimeout(() => shown.remove(), kind ? 9000 : 3500);
};

app.complain = (error) => app.toast(error.message, "bad");

app.jump = (time_s, { select } = {}) => {
  at("strip").scrollIntoView({ block: "nearest" });
  if (select !== undefined && !store.blind) store.select(select);
  strip.caret_s = null;
  strip.jump(time_s);
};

app.reveal = (time_s) => strip.reveal(time_s);

app.showRange = (start_s, stop_s) => {
  const seconds = Math.max(stop_s - start_s, 1);
  const scale = Math.min(strip.width / (seconds * 1.16), 25 * strip.mm);
  strip.glide((start_s + stop_s) / 2 - strip.width / scale / 2, scale);
};

app.show = (name) => tabs.choose(name);
app.go = (id) => {
  if (readRoute().id === id) open(id);
  else window.location.hash = `#/a/${id}`;
};
app.leave = () => {
  if (readRoute().id) window.location.hash = "#/";
};

// The parts

const strip = new Strip(at("strip"), store, {
  pick(time_s, near) {
    const i = store.blind ? -1 : store.beats.nearest(time_s);
    const hit = i >= 0 && Math.abs(store.beats.time_s[i] - time_s) <= near;
    store.select(hit ? store.beats.id[i] : null);
    if (hit) strip.caret_s = null;
  },
  hover(text) {
    toolbar.hover.textContent = text;
  },
});
strip.mm = millimetre();
app.strip = strip;

const map = new OverviewMap(at("map"), store, (time_s) => {
  strip.hold();
  strip.place(time_s - strip.seconds / 2);
});
const review = new Review(app);
app.review = review;
app.reader = new SecondReader(app, at("reader"));
const toolbar = new Toolbar(at("toolbar"), app, strip, act);
new BeatBar(at("beat"), app, act);
const exports_ = new ExportMenu(at("export"), app);
const tabs = new Tabs(at("tabs"), at("panel"), app, () => remember());
const start = new Start(at("start"), app);
const theme = followTheme(() => {
  strip.retheme();
  map.refresh();
  store._tell("theme");
});

// What keys and buttons do

let kind = "V";

const ACTIONS = {
  pan: (share) => strip.glide(strip.start_s + share * strip.seconds),
  scroll: (step) => (strip.host.scrollHeight > strip.host.clientHeight ? strip.scroll(step * 60) : false),
  home: () => strip.glide(0),
  end: () => strip.glide(strip.duration_s - strip.seconds),
  zoom: (factor) => strip.zoomStep(factor),
  whole: () => strip.whole(),
  speed: (speed) => strip.setSpeed(speed),
  gain(gain) {
    strip.setGain(gain);
    toolbar.follow();
  },
  find(what, step) {
    kind = what;
    if (what !== "any") toolbar.kind = what;
    find(step);
  },
  again(step) {
    kind = toolbar.kind;
    find(step);
  },
  relabel: (label) => review.relabel(label),
  remove: () => review.remove(),
  add: () => review.add(strip.caret_s ?? strip.centre_s),
  undo: () => review.undo(),
  redo: () => review.redo(),
  blind: () => app.reader.setBlind(!store.blind),
  reader: () => app.reader.open(),
  tab: (place) => tabs.chooseAt(place),
  theme: () => theme.toggle(),
  help: () => openHelp(at("help"), { setMillimetre: (px) => strip.setMillimetre(px) }),
  tall() {
    const tall = at("viewer").classList.toggle("tall");
    toolbar.tall = tall;
  },
  escape() {
    strip.caret_s = null;
    strip.caliper = null;
    store.select(null);
    strip.redraw();
  },
};
const ALWAYS = new Set(["theme", "help"]);
const MOVES = new Set(["pan", "scroll", "home", "end", "zoom", "whole", "speed", "gain", "tall", "escape"]);

/** Do what a key or button means, if it can be done now; false if not. */
function act(name, ...more) {
  const status = store.analysis?.status;
  if (!ALWAYS.has(name) && status !== "done" && !(status && MOVES.has(name))) return false;
  return ACTIONS[name](...more);
}

function find(step) {
  if (kind === "disagreement" && !store.reader) {
    app.toast("Load a second reader first");
    return;
  }
  const i = store.selectedIndex;
  const edge = step > 0 ? strip.start_s : strip.stop_s;
  const found = findBeat(store, kind, i >= 0 ? store.beats.time_s[i] : (strip.caret_s ?? edge), step);
  if (!found) {
    app.toast(`No ${step > 0 ? "further" : "earlier"} ${kindName(kind)}`);
    return;
  }
  if (found.id === null) strip.caret_s = found.time_s;
  else strip.caret_s = null;
  if (!store.blind) store.select(found.id);
  if (kind === "any") strip.reveal(found.time_s);
  else strip.jump(found.time_s);
  strip.redraw();
}

listenKeys(at("strip"), act);
at("undo").addEventListener("click", () => act("undo"));
at("redo").addEventListener("click", () => act("redo"));
at("theme").addEventListener("click", () => act("theme"));
at("help-button").addEventListener("click", () => act("help"));
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  }
}, { capture: true });

// What follows from changes

store.addEventListener("view", () => {
  map.redraw();
  toolbar.follow();
  remember();
});
store.addEventListener("select", () => {
  strip.redraw();
  describeSelected();
  remember();
});
store.addEventListener("beats", () => {
  strip.redraw();
  map.refresh();
  showSaved();
});
store.addEventListener("reader", () => {
  strip._resize();
  map.refresh();
});

function describeSelected() {
  const i = store.selectedIndex;
  if (i < 0) return;
  const { beats, analysis } = store;
  const label = beats.label(i);
  const sure = beats.edited[i] ? "named by you" : `probability ${format.probability(beats.confidence[i])}${beats.abstained[i] ? ", unsure" : ""}`;
  app.announce(`${label}, ${colours.NAMES[label]}, ${sure}, at ${format.elapsed(beats.time_s[i], analysis.recording.duration_s, 2)}, beat ${i + 1} of ${beats.n}`);
}

review.onstate = (state) => showSaved(state);

function showSaved(state = "saved") {
  const { analysis } = store;
  if (analysis?.status !== "done") return;
  at("undo").disabled = !analysis.can_undo;
  at("redo").disabled = !analysis.can_redo;
  const saved = at("saved");
  saved.dataset.state = state;
  const where = analysis.review?.beside ? "beside the recording" : "in your own folder";
  if (state === "saving") saved.textContent = "Saving …";
  else if (state === "failed") saved.textContent = "Not saved";
  else if (!analysis.edits) saved.textContent = "No edits";
  else saved.replaceChildren(`${format.count(analysis.edits, "edit")} saved`, element("span", { class: "where" }, ` ${where}`));
  saved.title = analysis.review?.file ?? "";
}

let remembered = 0;

/** Keep the place in the address, so that a reload comes back to it. */
function remember() {
  clearTimeout(remembered);
  remembered = setTimeout(() => {
    if (store.analysis?.status === "done" && readRoute().id === store.analysis.id) {
      writeRoute({ id: store.analysis.id, tab: tabs.name, start_s: strip.start_s, pxPerS: strip.pxPerS, beat: store.selected });
    }
  }, 250);
}

// Opening

let opening = 0;

async function open(id, route = {}) {
  const turn = ++opening;
  try {
    let seen = false;
    const done = await start.follow(id, (said) => {
      if (turn !== opening) return false;
      if (said.recording && !seen && said.status !== "failed") {
        seen = true;
        showRecording(said, route).catch((error) => turn === opening && failed(error));
      }
      showProgress(said);
      return true;
    });
    if (done && turn === opening) await showBeats(done, route, turn);
  } catch (error) {
    if (turn === opening) failed(error);
  }
}

function failed(error) {
  app.leave();
  showStart();
  start.fail(error);
}

async function showRecording(said, route) {
  const { recording } = said;
  const info = await api.tiles(said.id);
  if (readRoute().id !== said.id) return;
  tabs.leave();
  store.setAnalysis(said);
  start.clear();
  at("start").hidden = true;
  at("viewer").hidden = false;
  at("title").textContent = recording.name;
  at("title").title = recording.name;
  document.title = `${recording.name} – ectopy`;
  const tiles = new Tiles(info, (level, index, signal) => api.tile(said.id, "all", level, index, { signal }),
    () => strip.redraw(), app.complain);
  const shown = recording.leads.map((_, k) => k).slice(0, MOST_LEADS);
  map.duration_s = recording.duration_s;
  map.stretches = [];
  at("viewer").classList.toggle("many", shown.length > 3);
  strip.open(recording, tiles, shown);
  toolbar.open(recording.leads, shown, (chosen) => strip.setLeads(chosen));
  strip.place(route.start_s ?? 0, route.pxPerS ?? 25 * strip.mm);
  map.refresh();
  at("strip").focus({ preventScroll: true });
}

async function showBeats(said, route, turn) {
  const [beats, quality] = await Promise.all([api.beats(said.id, { fields: FIELDS }), api.quality(said.id)]);
  while (store.analysis?.id !== said.id && turn === opening) await new Promise((resolve) => setTimeout(resolve, 20));
  if (turn !== opening) return;
  store.analysis = said;
  store.setBeats(Beats.fromServer(beats));
  strip.stretches = quality.stretches;
  map.stretches = quality.stretches;
  map.refresh();
  at("review-actions").hidden = false;
  exports_.open(said.id);
  showSaved();
  showNotes(said.review?.notes ?? []);
  if (route.beat !== undefined) store.select(route.beat);
  tabs.open(route.tab);
  at("strip-about").textContent = about(said);
  app.announce(`${said.recording.name}: ${format.count(said.beats, "beat")} found`);
  await app.reader.resume();
}

function about({ recording, counts }) {
  const found = Object.entries(counts).filter(([, n]) => n).map(([label, n]) => `${format.number(n)} ${colours.NAMES[label]}`);
  return `${format.duration(recording.duration_s)}, leads ${recording.leads.join(", ")}. ${found.join(", ")}.`;
}

function showProgress({ status, progress }) {
  const shown = at("progress");
  shown.hidden = status !== "running";
  if (status !== "running") return;
  const bar = shown.querySelector("progress");
  if (progress > 0) bar.value = progress;
  shown.querySelector("span").textContent = progress > 0 ? `Finding beats … ${Math.floor(100 * progress)} %` : "Reading …";
}

function showNotes(notes) {
  at("notes").replaceChildren(...notes.map((text) => {
    const note = element("p", { class: "notice" }, element("span", {}, text));
    note.append(element("button", { type: "button", class: "close", "aria-label": "Hide this", onclick: () => note.remove() }, "✕"));
    return note;
  }));
}

function showStart() {
  opening++;
  tabs.leave();
  strip.close();
  store.setAnalysis(null);
  at("viewer").hidden = true;
  at("review-actions").hidden = true;
  at("progress").hidden = true;
  at("notes").replaceChildren();
  at("start").hidden = false;
  at("title").textContent = "";
  document.title = "ectopy";
  start.show();
}

function follow() {
  const route = readRoute();
  if (!route.id) {
    showStart();
    return;
  }
  if (route.id !== store.analysis?.id) open(route.id, route);
}

/** Take the token out of the address: the cookie does from now on. */
function cleanAddress() {
  const address = new URL(window.location.href);
  if (!address.searchParams.has("token")) return;
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
}

async function begin() {
  cleanAddress();
  window.addEventListener("hashchange", follow);
  if (readRoute().id) {
    follow();
    return;
  }
  showStart();
  try {
    const about = await api.about();
    if (about.open && !sessionStorage.getItem("ectopy-opened")) {
      sessionStorage.setItem("ectopy-opened", "1");
      await start.analyze({ path: about.open });
    }
  } catch (error) {
    start.fail(error);
  }
}

begin();
