/** Review: relabel, add, delete, undo; shown at once, sent one after another, kept by the server. */

import { Beats, CLASSES, FIELDS } from "./store.js";
import { NAMES } from "./colours.js";

export class Review {
  constructor(app) {
    this.app = app;
    this._queue = Promise.resolve();
    this._pending = 0;
    /** Called with "saving", "saved" or "failed". */
    this.onstate = () => {};
    this._tabs = new BroadcastChannel("ectopy-edits");
    this._tabs.addEventListener("message", () => this.catchUp());
    document.addEventListener("visibilitychange", () => document.hidden || this.catchUp());
  }

  /** Name the selected beat; the class that it has already confirms it. */
  relabel(label) {
    const { store, announce } = this.app;
    const i = store.selectedIndex;
    if (i < 0) return this._nothing();
    const beat = shown(store.beats, i);
    store.setBeats(store.beats.withEdit([{ ...beat, label, abstained: 0, source: "u" }], []));
    announce(beat.label === label ? `Confirmed as ${label}` : `Now ${label}, ${NAMES[label]}; it was ${beat.label}`);
    return this._send((id) => this.app.api.edit(id, { action: "relabel", id: beat.id, label }), { keep: beat.id });
  }

  /** Take the selected beat out and select its neighbour. */
  remove() {
    const { store, announce } = this.app;
    const i = store.selectedIndex;
    if (i < 0) return this._nothing();
    const beat = shown(store.beats, i);
    const next = i + 1 < store.beats.n ? i + 1 : i - 1;
    const neighbour = next >= 0 ? store.beats.id[next] : null;
    store.select(neighbour);
    store.setBeats(store.beats.withEdit([], [beat.id]));
    announce(`Deleted a beat of class ${beat.label}`);
    return this._send((id) => this.app.api.edit(id, { action: "delete", id: beat.id }), { keep: neighbour });
  }

  /** Add a beat at a time; the server moves it onto the largest deflection near by. */
  add(time_s, label = "N") {
    const { store } = this.app;
    if (store.analysis?.status !== "done") return this._queue;
    const sample = Math.round(time_s * store.analysis.recording.fs);
    return this._send((id) => this.app.api.edit(id, { action: "add", sample, label, snap: true }), { said: "Added" });
  }

  undo() {
    if (!this.app.store.analysis?.can_undo && !this._pending) return this._say("Nothing to undo");
    return this._send((id) => this.app.api.undo(id), { said: "Undone" });
  }

  redo() {
    if (!this.app.store.analysis?.can_redo && !this._pending) return this._say("Nothing to redo");
    return this._send((id) => this.app.api.redo(id), { said: "Done again" });
  }

  /** Fetch all beats anew. */
  async reload() {
    const { api, store } = this.app;
    const { id } = store.analysis;
    const [analysis, beats] = await Promise.all([api.analysis(id), api.beats(id, { fields: FIELDS })]);
    if (store.analysis?.id !== id) return;
    store.analysis = analysis;
    store.setBeats(Beats.fromServer(beats));
  }

  /** Show edits that were made elsewhere: in another tab, by another program. */
  catchUp() {
    const { id, status } = this.app.store.analysis ?? {};
    if (status === "done") this._queue = this._queue.then(() => this._caughtUp(id));
    return this._queue;
  }

  async _caughtUp(id) {
    const { api, store, announce } = this.app;
    const current = () => store.analysis?.id === id && !this._pending;
    if (!current()) return;
    try {
      const { version } = await api.analysis(id);
      if (!current() || version === store.analysis.version) return;
      await this.reload();
      announce("Edits made elsewhere are shown");
    } catch {
      // The next edit will say what is wrong.
    }
  }

  _send(ask, how) {
    const { id } = this.app.store.analysis;
    this._pending++;
    this.onstate("saving");
    this._queue = this._queue.then(() => this._answered(id, ask, how));
    return this._queue;
  }

  async _answered(id, ask, how) {
    const { store, announce, complain } = this.app;
    try {
      const said = await ask(id);
      this._pending--;
      this._tabs.postMessage(id);
      if (store.analysis?.id !== id) return;
      const missed = said.version !== store.analysis.version + 1;
      this._apply(said, how);
      if (missed && !this._pending) await this.reload();
      this.onstate(this._pending ? "saving" : "saved");
      if (how.said) announce(`${how.said}: ${describe(said.done)}`);
    } catch (error) {
      this._pending--;
      this.onstate("failed");
      complain(error);
      if (store.analysis?.id === id) await this.reload().catch(() => {});
    }
  }

  _apply(said, how) {
    const { store } = this.app;
    const { edits, version, can_undo, can_redo, counts } = said;
    store.analysis = { ...store.analysis, edits, version, can_undo, can_redo, counts };
    store.setBeats(store.beats.withEdit(said.changed, said.deleted));
    if (!how.said) return;
    const near = store.beats.nearest(said.done.time_s);
    if (near >= 0) store.select(store.beats.id[near]);
    this.app.reveal(said.done.time_s);
  }

  _nothing() {
    return this._say("No beat is selected: click one, or press . for the next");
  }

  _say(text) {
    this.app.toast(text);
    return this._queue;
  }
}

function shown(beats, i) {
  return {
    id: beats.id[i], sample: beats.sample[i], time_s: beats.time_s[i], label: CLASSES[beats.code[i]],
    confidence: beats.confidence[i], rr_s: beats.rr_s[i], abstained: beats.abstained[i],
    source: beats.edited[i] ? "u" : "m",
  };
}

function describe({ label, was }) {
  if (!label) return `a beat of class ${was} was deleted`;
  if (!was) return `a beat of class ${label} was added`;
  return was === label ? `${label} was confirmed` : `${was} became ${label}`;
}
