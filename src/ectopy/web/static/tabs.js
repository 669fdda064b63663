/** The views below the strip: one tab each, a module that is loaded when it is first wanted. */

import { element } from "./dom.js";

/** Tabs in their order: module in panels/ and title. */
export const PANELS = Object.freeze([
  ["overview", "Overview"],
  ["episodes", "Episodes"],
  ["averages", "Average beats"],
  ["gallery", "Gallery"],
  ["poincare", "Poincaré"],
  ["why", "Why this label"],
  ["agreement", "Second reader"],
  ["table", "Beats in view"],
  ["recording", "Recording"],
]);

export class Tabs {
  constructor(list, panel, app, changed) {
    this.panel = panel;
    this.app = app;
    this.name = null;
    this._changed = changed;
    this._unmount = null;
    this._turn = 0;
    this._tabs = PANELS.map(([name, title]) =>
      element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", "aria-selected": "false", tabindex: "-1", onclick: () => this.choose(name) }, title));
    list.replaceChildren(...this._tabs);
    list.addEventListener("keydown", (event) => this._key(event));
  }

  /** Show a tab for the recording that was just opened. */
  open(name) {
    const known = PANELS.some(([each]) => each === name);
    return this.choose(known ? name : (this.name ?? PANELS[0][0]), true);
  }

  chooseAt(place) {
    if (PANELS[place]) this.choose(PANELS[place][0]);
  }

  async choose(name, anew = false) {
    if (name === this.name && this._unmount && !anew) return;
    this.leave();
    this.name = name;
    const turn = ++this._turn;
    this._tabs.forEach((tab, k) => {
      const chosen = PANELS[k][0] === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    this.panel.setAttribute("aria-labelledby", `tab-${name}`);
    const root = element("div", { class: "panel-root" });
    this.panel.replaceChildren(root);
    this.panel.scrollTop = 0;
    this._changed();
    try {
      const { mount } = await import(`./panels/${name}.js`);
      if (turn !== this._turn) return;
      this._unmount = mount(root, this.app) ?? (() => {});
    } catch (error) {
      if (turn !== this._turn) return;
      root.replaceChildren(element("p", { class: "message" }, `This view cannot be shown: ${error.message}`));
    }
  }

  /** Take the shown panel down. */
  leave() {
    this._turn++;
    const unmount = this._unmount;
    this._unmount = null;
    unmount?.();
    this.panel.replaceChildren();
  }

  _key(event) {
    const at = this._tabs.indexOf(document.activeElement);
    const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this._tabs.length - 1 };
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = (steps[event.key] + this._tabs.length) % this._tabs.length;
    this._tabs[next].focus();
    this.choose(PANELS[next][0]);
  }
}
