/** The help: keys, what the letters mean, and the size of a millimetre on this screen. */

import { badge, NAMES } from "./colours.js";
import { element } from "./dom.js";
import { HELP, singleKeys } from "./keys.js";
import { CLASSES } from "./store.js";

const MM_KEY = "ectopy-px-per-mm";
const CSS_MM = 96 / 25.4;

/** Pixels of a millimetre: what a person measured on this screen, else what CSS says. */
export function millimetre() {
  const kept = Number(localStorage.getItem(MM_KEY));
  return kept > 1 && kept < 20 ? kept : CSS_MM;
}

export function openHelp(dialog, { setMillimetre }) {
  dialog.replaceChildren(
    element("header", {},
      element("h2", { id: "help-title" }, "Keys and signs"),
      element("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
    element("div", { class: "help-keys" }, ...HELP.map(group)),
    singleKeysChoice(),
    element("h3", {}, "The letters"),
    element("ul", { class: "legend" },
      ...CLASSES.map((label) => element("li", {}, badge(label), ` ${NAMES[label]}`)),
      element("li", {}, element("span", { class: "badge unsure V" }, "V?"), " hollow with a question mark: the model would rather not say"),
      element("li", {}, element("span", { class: "badge V folded" }, "V"), " with a folded corner: named, confirmed or added by you"),
      element("li", {}, element("span", { class: "sure-bar" }, element("i", {})), " bar below a letter: how sure the model was"),
      element("li", {}, element("span", { class: "shaded" }), " grey ground: missing, flat, saturated or noisy signal")),
    element("p", { class: "faint" }, "Wheel or pinch zooms, dragging moves, Shift with dragging measures. Where beats lie too close for letters, bars show how many of each class there are."),
    element("h3", {}, "True scale"),
    calibration(setMillimetre),
    element("p", { class: "faint" }, element("b", {}, "Not a medical device."), " A program named these beats, and programs err. What you see here is no diagnosis."),
  );
  dialog.showModal();
}

function group([title, rows]) {
  return element("section", {},
    element("h3", {}, title),
    element("dl", {}, ...rows.flatMap(([keys, what]) => [element("dt", {}, keys), element("dd", {}, what)])));
}

function singleKeysChoice() {
  const box = element("input", { type: "checkbox", checked: singleKeys.everywhere() });
  box.addEventListener("change", () => singleKeys.set(box.checked));
  return element("p", {}, element("label", { class: "check" }, box, " Single letters work everywhere on the page (else only on the strip)"));
}

function calibration(set) {
  const ruler = element("div", { class: "ruler", "aria-hidden": "true" });
  const range = element("input", {
    type: "range", min: "2", max: "9", step: "0.01", value: String(millimetre()), "aria-label": "Pixels of a millimetre",
  });
  const said = element("output", {});
  const show = (px) => {
    ruler.style.width = `${50 * px}px`;
    said.textContent = `${px.toFixed(2)} pixels a millimetre`;
  };
  range.addEventListener("input", () => {
    const px = Number(range.value);
    localStorage.setItem(MM_KEY, String(px));
    show(px);
    set(px);
  });
  const reset = element("button", { type: "button" }, "Reset");
  reset.addEventListener("click", () => {
    localStorage.removeItem(MM_KEY);
    range.value = String(CSS_MM);
    show(CSS_MM);
    set(CSS_MM);
  });
  show(millimetre());
  return element("div", { class: "calibration" },
    element("p", {}, "Hold a ruler to the screen and move the slider until the bar is 50 mm long."),
    ruler, element("p", { class: "row" }, range, said, reset));
}
