/** The buttons above the strip: scale, leads, zoom, and stepping from beat to beat. */

import { element } from "./dom.js";
import { KINDS } from "./find.js";
import { GAINS, SPEEDS } from "./strip/strip.js";

export class Toolbar {
  constructor(root, app, strip, act) {
    this.app = app;
    this.strip = strip;
    this.act = act;
    this._speeds = SPEEDS.map((speed) => toggle(`${speed}`, `${speed} mm/s`, () => act("speed", speed)));
    this._gains = GAINS.map((gain) => toggle(`${gain}`, `${gain} mm/mV`, () => act("gain", gain)));
    this._leads = element("div", { class: "lead-list" });
    this._kind = element("select", { "aria-label": "What to step through" },
      ...KINDS.map(([key, text]) => element("option", { value: key }, text)));
    this._kind.value = "V";
    this.hover = element("span", { class: "hover", "aria-hidden": "true" });
    const leads = element("details", { class: "menu" }, element("summary", {}, "Leads"), this._leads);
    this._leadMenu = leads;
    root.replaceChildren(
      group("Paper speed", ...this._speeds, element("span", { class: "unit" }, "mm/s")),
      group("Gain", ...this._gains, element("span", { class: "unit" }, "mm/mV")),
      group("Zoom",
        button("−", "Zoom out (−)", () => act("zoom", 1 / 1.6)),
        button("+", "Zoom in (+)", () => act("zoom", 1.6)),
        button("Whole", "The whole recording (W)", () => act("whole"))),
      element("span", { class: "group" }, leads, this._tall = button("Taller", "More room for the strip (X)", () => act("tall"))),
      group("Find", this._kind,
        button("◀", "Previous (K)", () => act("find", this.kind, -1), "Previous"),
        button("▶", "Next (J)", () => act("find", this.kind, 1), "Next")),
      element("span", { class: "group" },
        button("Second reader …", "Load an expert's annotations", () => act("reader")),
        this._blind = button("Blind", "Read blind: hide our beats (B)", () => act("blind"))),
      this.hover,
    );
    app.store.addEventListener("reader", () => this._showReader());
    this._showReader();
  }

  get kind() {
    return this._kind.value;
  }

  set kind(kind) {
    this._kind.value = kind;
  }

  set tall(tall) {
    press(this._tall, tall);
  }

  /** Offer the leads of a recording. */
  open(leads, shown, changed) {
    this._leadMenu.hidden = leads.length < 2;
    const boxes = leads.map((name, k) => {
      const box = element("input", { type: "checkbox", checked: shown.includes(k) });
      box.addEventListener("change", () => {
        const chosen = boxes.map((each, at) => (each.checked ? at : -1)).filter((at) => at >= 0);
        if (!chosen.length) box.checked = true;
        else changed(chosen);
      });
      return box;
    });
    this._leads.replaceChildren(...leads.map((name, k) => element("label", { class: "check" }, boxes[k], ` ${name}`)));
  }

  /** Show which scale is in use. */
  follow() {
    const { strip } = this;
    SPEEDS.forEach((speed, k) => press(this._speeds[k], Math.abs(strip.speed / speed - 1) < 0.004));
    GAINS.forEach((gain, k) => press(this._gains[k], strip.gain === gain));
  }

  _showReader() {
    const { reader, blind } = this.app.store;
    this._blind.hidden = !reader;
    press(this._blind, blind);
  }
}

function group(label, ...children) {
  return element("span", { class: "group", role: "group", "aria-label": label }, ...children);
}

function button(text, title, onclick, said = null) {
  return element("button", { type: "button", title, onclick, "aria-label": said ?? (text.length < 2 ? title : null) }, text);
}

function toggle(text, title, onclick) {
  return element("button", { type: "button", title, onclick, "aria-label": title, "aria-pressed": "false" }, text);
}

function press(made, pressed) {
  made.setAttribute("aria-pressed", String(pressed));
}
