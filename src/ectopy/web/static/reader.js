/** The second reader: load annotations, hide ours, show theirs beside ours. */

import { Beats } from "./store.js";
import { count } from "./format.js";

const WAIT_MS = 400;

export class SecondReader {
  constructor(app, dialog) {
    this.app = app;
    this.dialog = dialog;
    this._timer = 0;
    app.store.addEventListener("beats", () => this._stale());
  }

  /** Take up what the server holds already, after a reload. */
  async resume() {
    if (this.app.store.analysis?.second_reader) await this._show();
  }

  /** Load `{path}`, `{recording: true}` or a FormData with `file`. */
  async load(body, blind = false) {
    const { api, store, announce } = this.app;
    const { name, beats } = await api.loadReader(store.analysis.id, body);
    await this._show(blind);
    announce(`Second reader ${name}: ${count(beats, "beat")}`);
  }

  async drop() {
    const { api, store } = this.app;
    await api.dropReader(store.analysis.id);
    store.setReader(null);
  }

  setBlind(blind) {
    const { store, announce, toast } = this.app;
    if (!store.reader) {
      toast("Load a second reader first");
      return;
    }
    if (blind) store.select(null);
    store.setReader(store.reader, blind);
    announce(blind ? "Our beats are hidden" : "Our beats are shown");
  }

  async _show(blind = false) {
    const { api, store } = this.app;
    const { id } = store.analysis;
    const [said, agreement] = await Promise.all([api.readerBeats(id), api.agreement(id)]);
    if (store.analysis?.id !== id) return;
    const { disagreements } = agreement;
    if (blind) store.select(null);
    store.setReader({ name: said.name, beats: theirs(said), disagreements }, blind);
  }

  /** Ask for the disagreements anew, a moment after the last edit. */
  _stale() {
    clearTimeout(this._timer);
    if (!this.app.store.reader) return;
    this._timer = setTimeout(async () => {
      const { api, store } = this.app;
      const { reader } = store;
      if (!reader) return;
      try {
        const { disagreements } = await api.agreement(store.analysis.id);
        if (store.reader === reader) store.setReader({ ...reader, disagreements });
      } catch (error) {
        this.app.complain(error);
      }
    }, WAIT_MS);
  }

  // The dialog

  /** Ask which annotations to load. */
  async open() {
    const { api, store, element, complain } = this.app;
    if (store.analysis?.status !== "done") return;
    const blind = element("input", { type: "checkbox", id: "reader-blind" });
    const act = (body) => async () => {
      this.dialog.close();
      try {
        await this.load(body, blind.checked);
      } catch (error) {
        complain(error);
      }
    };
    const inside = store.analysis.recording.annotations;
    const { annotations } = await api.recordings().catch(() => ({ annotations: [] }));
    const file = element("input", { type: "file", id: "reader-file", class: "said" });
    file.addEventListener("change", () => {
      const form = new FormData();
      form.append("file", file.files[0]);
      act(form)();
    });
    const choices = [
      inside > 0 && element("button", { type: "button", onclick: act({ recording: true }) },
        `The recording's own annotations (${inside.toLocaleString("en-US")})`),
      ...annotations.slice(0, 30).map((path) => element("button", { type: "button", onclick: act({ path }) }, path)),
      element("label", { class: "button", for: "reader-file" }, "A file …"),
    ].filter(Boolean);
    this.dialog.replaceChildren(
      element("h2", { id: "reader-title" }, "A second reader"),
      element("p", {}, "Load an expert's annotations: WFDB (.atr and the like), or CSV or JSON with the columns sample and label. They are shown below ours, and the Second reader tab compares the two."),
      element("p", {}, element("label", { class: "check" }, blind, " Read blind: hide our beats for now (B)")),
      file,
      element("div", { class: "choices" }, ...choices),
      element("p", { class: "ends" },
        store.reader && element("button", { type: "button", onclick: () => { this.dialog.close(); this.drop().catch(complain); } }, `Take ${store.reader.name} away`),
        element("button", { type: "button", onclick: () => this.dialog.close() }, "Cancel")),
    );
    this.dialog.setAttribute("aria-labelledby", "reader-title");
    this.dialog.showModal();
  }
}

function theirs(said) {
  const n = said.sample.length;
  return Beats.fromServer({
    id: Array.from({ length: n }, (_, i) => i), sample: said.sample, time_s: said.time_s, label: [...said.label],
    confidence: new Array(n).fill(null), abstained: new Uint8Array(n), rr_s: new Array(n).fill(null), source: "m".repeat(n),
  });
}
