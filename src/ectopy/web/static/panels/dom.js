// The pieces that panels are made of. Text stays text, and no style or handler is written inline.

import { MARKS, badge as plainBadge } from "../colours.js";
import { element, svg as plainSvg } from "../dom.js";

const flat = (children) => children.flat(Infinity).filter((child) => child !== false);

/** Make an element; children may be nested lists, null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  return element(tag, attributes, ...flat(children));
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return plainSvg(tag, attributes, ...flat(children));
}

/** Put new children in place of all there are. */
export function replace(parent, ...children) {
  parent.replaceChildren(...flat(children).filter((child) => child !== null && child !== undefined));
  return parent;
}

/** The letter of a class on its colour; with a question mark where the model would rather not say. */
export function badge(label, unsure = false) {
  const made = plainBadge(label);
  if (unsure) {
    made.append("?");
    made.classList.add("unsure");
  }
  return made;
}

/** The mark of a class in running text. */
export function sign(name) {
  return svg("svg", { class: "pn-sign", viewBox: "-6 -6 12 12", "aria-hidden": "true" },
    svg("path", { class: `pn-mark ${name}`, d: `M0 0${MARKS[name]}` }));
}

/** A table of plain cells; the first cell of each row is its heading. */
export function table(caption, head, rows, { hide = false, numbers = true } = {}) {
  const align = numbers ? "n" : "";
  return h(
    "table",
    { class: "pn-table" },
    h("caption", hide ? { class: "said" } : {}, caption),
    h("thead", {}, h("tr", {}, head.map((cell, k) =>
      h("th", { scope: "col", class: k ? align : null }, cell)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, k) =>
      k ? h("td", { class: align }, cell) : h("th", { scope: "row" }, cell))))),
  );
}

/** A box that scrolls sideways where what it holds is wider than the page. */
export function scroller(content, label = "Table") {
  return h("div", { class: "pn-scroll", tabindex: 0, role: "region", "aria-label": label }, content);
}

/** Numbers behind a chart, folded away but there for everybody. */
export function numbers(summary, content) {
  return h("details", { class: "pn-numbers" }, h("summary", {}, summary), scroller(content));
}

/** One of several: radio buttons that look like one switch. */
export function choice(name, legend, options, value, onchange) {
  return h(
    "fieldset",
    { class: "pn-choice" },
    h("legend", { class: "said" }, legend),
    options.map(([key, text, title]) => h(
      "label",
      { title },
      h("input", {
        type: "radio", name, value: key, checked: key === value,
        onchange: () => onchange(key),
      }),
      h("span", {}, text),
    )),
  );
}

/** A designed nothing: what is missing, why, and what to do. */
export function empty(title, text, action = null) {
  return h("div", { class: "pn-empty" }, h("p", { class: "pn-empty-title" }, title),
    text ? h("p", {}, text) : null, action);
}

/** Said while something is on its way. */
export function loading(text) {
  return h("div", { class: "pn-loading", role: "status" }, h("span", { class: "pn-spin" }), text);
}

/** What went wrong, and a way to try again. */
export function failure(error, again = null) {
  return h("div", { class: "pn-error", role: "alert" },
    h("p", {}, error && error.message ? error.message : String(error)),
    again ? h("button", { type: "button", class: "pn-button", onclick: again }, "Try again") : null);
}
