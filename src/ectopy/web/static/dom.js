/** Small help with elements; nothing here parses HTML, so that no text can become markup. */

/**
 * Make an element: `element("button", {class: "x", type: "button", onclick: f}, "Text", child)`.
 *
 * Attributes that are null, undefined or false are left out, true gives an empty one, and names
 * that begin with "on" are listeners.
 */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}
