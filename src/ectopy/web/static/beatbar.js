/** What is known of the selected beat, and the buttons that name it. */

import { NAMES, badge } from "./colours.js";
import { element } from "./dom.js";
import { clock, elapsed, probability } from "./format.js";
import { CLASSES } from "./store.js";

const WAIT_MS = 40;

export class BeatBar {
  constructor(root, app, act) {
    this.root = root;
    this.app = app;
    this._timer = 0;
    this._details = null;
    this._facts = element("div", { class: "beat-facts" });
    this._chances = element("ul", { class: "chances", "aria-label": "Probability of each class" });
    this._names = CLASSES.map((label) =>
      element("button", { type: "button", class: `name ${label}`, title: `${NAMES[label]} (${label})`, onclick: () => act("relabel", label) }, label));
    this._remove = element("button", { type: "button", title: "Delete this beat (Delete)", onclick: () => act("remove") }, "Delete");
    this._add = element("button", { type: "button", title: "Add a beat at the dashed line, or in the middle (A)", onclick: () => act("add") }, "Add");
    this._why = element("button", { type: "button", onclick: () => app.show("why") }, "Why?");
    root.replaceChildren(
      this._facts, this._chances,
      element("div", { class: "beat-actions" },
        element("span", { class: "group", role: "group", "aria-label": "Name this beat" }, ...this._names),
        element("span", { class: "group" }, this._remove, this._add, this._why)));
    for (const event of ["select", "beats", "reader", "analysis"]) app.store.addEventListener(event, () => this._later());
  }

  _later() {
    clearTimeout(this._timer);
    this._show();
    this._timer = setTimeout(() => this._ask(), WAIT_MS);
  }

  _show() {
    const { store } = this.app;
    const i = store.selectedIndex;
    const ready = store.analysis?.status === "done";
    for (const each of [...this._names, this._remove, this._why]) each.disabled = i < 0;
    this._add.disabled = !ready;
    this._chances.hidden = i < 0;
    if (i < 0) {
      this._facts.replaceChildren(element("span", { class: "faint" },
        ready ? "Select a beat: click it, or press . for the next and Shift+V for the next V." : ""));
      return;
    }
    const { beats, analysis } = store;
    const label = beats.label(i);
    this._names.forEach((each, k) => each.setAttribute("aria-pressed", String(CLASSES[k] === label)));
    const { start, duration_s } = analysis.recording;
    const at = [elapsed(beats.time_s[i], duration_s, 2), clock(beats.time_s[i], start)].filter(Boolean).join(" · ");
    const rr = beats.rr_s[i];
    this._facts.replaceChildren(
      badge(label),
      element("p", {}, element("b", {}, NAMES[label]), " ", element("span", { class: "faint" }, this._by(i)), " ",
        element("span", { class: "faint whole" }, `${at}${rr > 0 ? ` · RR ${rr.toFixed(2)} s` : ""} · beat ${(i + 1).toLocaleString("en-US")} of ${beats.n.toLocaleString("en-US")}`)));
    this._showChances(this._details?.id === beats.id[i] ? this._details : null);
  }

  /** Who named it, and how sure that was. */
  _by(i) {
    const { beats } = this.app.store;
    if (beats.edited[i]) {
      const model = this._details?.id === beats.id[i] ? this._details.model_label : null;
      if (model === "-") return "added by you";
      return model && model !== beats.label(i) ? `named by you, the model said ${model}` : "named by you";
    }
    const sure = `probability ${probability(beats.confidence[i])}`;
    if (!beats.abstained[i]) return sure;
    const reason = this._details?.id === beats.id[i] ? this._details.reason : "";
    return `${sure} · unsure${reason ? `: ${reason}` : ""}`;
  }

  _showChances(details) {
    const chances = details?.probability;
    this._chances.replaceChildren(...CLASSES.map((label, k) => {
      const bar = element("i", { class: label });
      bar.style.width = `${chances ? 100 * chances[k] : 0}%`;
      return element("li", { title: `${NAMES[label]}: ${chances ? probability(chances[k]) : "not known"}` },
        element("b", {}, label), element("span", { class: "track" }, bar), element("span", {}, chances ? probability(chances[k]) : "–"));
    }));
  }

  async _ask() {
    const { api, store } = this.app;
    const i = store.selectedIndex;
    if (i < 0) return;
    const { beats, analysis } = store;
    const id = beats.id[i];
    const half = 0.5 / analysis.recording.fs;
    try {
      const said = await api.beats(analysis.id, { start_s: beats.time_s[i] - half, stop_s: beats.time_s[i] + half });
      const k = said.id.indexOf(id);
      if (k < 0 || store.selected !== id) return;
      this._details = { id, probability: said.probability[k], reason: said.reason[k], model_label: said.model_label[k] };
      this._show();
    } catch {
      // The letter and its confidence are there; the rest comes with the next selection.
    }
  }
}
