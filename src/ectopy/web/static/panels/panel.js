// What all panels share: their life, their states without data, and how they hide when blind.

import { empty, failure, h, loading } from "./dom.js";
import { duration } from "./words.js";

/**
 * Run `build(root, life)` whenever there is an analysis to show, and again when another one is
 * opened or blind reading is switched. Gives the function that ends it all.
 *
 * `life.signal` is aborted when that picture is left; `life.on(name, react)` listens to the
 * store for as long; `life.soon(react)` gives a function that runs `react` once a moment later,
 * however often it is called.
 */
export function panel(root, app, build, { evenBlind = false } = {}) {
  const { store } = app;
  let end = null;
  let blind = store.blind;
  const start = () => {
    end?.abort();
    end = new AbortController();
    root.replaceChildren();
    root.classList.add("pn");
    blind = store.blind;
    if (!store.analysis) {
      root.append(empty("No recording is open", "Open a recording to see this."));
    } else if (store.analysis.status !== "done") {
      root.append(loading("The analysis is still running …"));
    } else if (blind && !evenBlind) {
      root.append(empty(
        "Hidden while you read blind",
        "This view would show what the program says of the beats. Read on, then end the blind "
        + "reading under “Second reader” to see both.",
        app.show ? h("button", { type: "button", onclick: () => app.show("agreement") },
          "Go to the second reader") : null,
      ));
    } else build(root, lifeOf(store, end.signal));
  };
  const whole = new AbortController();
  store.addEventListener("analysis", start, { signal: whole.signal });
  store.addEventListener("reader", () => store.blind !== blind && start(), { signal: whole.signal });
  start();
  return () => {
    end?.abort();
    whole.abort();
    root.replaceChildren();
    root.classList.remove("pn");
  };
}

function lifeOf(store, signal) {
  return {
    signal,
    on(names, react) {
      for (const name of [names].flat()) store.addEventListener(name, react, { signal });
    },
    soon(react, wait = 120) {
      let timer = 0;
      signal.addEventListener("abort", () => clearTimeout(timer));
      return () => {
        clearTimeout(timer);
        timer = setTimeout(react, wait);
      };
    },
  };
}

/**
 * Ask the server and show what it says in `box`: that it is asked, the answer, or why there is
 * none with a way to ask again. An answer that comes after a newer question is dropped.
 */
export async function ask(box, life, { what, question, show, keep = false }) {
  const turn = (turns.get(box) ?? 0) + 1;
  turns.set(box, turn);
  const current = () => turns.get(box) === turn && !life.signal.aborted;
  const slow = setTimeout(() => {
    if (!current()) return;
    if (keep) box.classList.add("pn-waiting");
    else box.replaceChildren(loading(what));
  }, 150);
  try {
    const answer = await question(life.signal);
    if (current()) show(answer);
  } catch (error) {
    if (!current() || error.name === "AbortError") return;
    box.replaceChildren(failure(error,
      () => ask(box, life, { what, question, show, keep })));
  } finally {
    clearTimeout(slow);
    if (current()) box.classList.remove("pn-waiting");
  }
}

const turns = new WeakMap();

/** A heading, a word about what it shows, and the thing itself. */
export function section(title, note, ...content) {
  return h("section", { class: "pn-section" },
    h("h2", {}, title), note ? h("p", { class: "pn-note" }, note) : null, content);
}

/** Show a stretch in the strip, wherever the strip takes it from. */
export function showStretch(app, from, to) {
  if (app.showRange) app.showRange(from, to);
  else app.store.setView(from, to);
  app.announce(`The strip shows ${duration(to - from)}`);
}
