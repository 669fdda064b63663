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
 *   app.jump(time_s, {select: id})   centre the strip there, and select a beat
 *   app.announce(text)      tell people who do not see the screen
 *   app.show(panel)         go to another tab, such as app.show("why")
 *   app.element(name, {class: …, on…: …}, ...children)   make an element
 */

import { api } from "./api.js";
import * as colours from "./colours.js";
import { element } from "./dom.js";
import * as format from "./format.js";
import { Store } from "./store.js";

/** Tabs in their order: module in panels/ (or here) and title. */
export const PANELS = Object.freeze([
  ["overview", "Overview"],
  ["episodes", "Episodes"],
  ["averages", "Average beats"],
  ["gallery", "Gallery"],
  ["poincare", "Poincaré"],
  ["why", "Why this label"],
  ["agreement", "Second reader"],
]);

export const app = { api, store: new Store(), format, colours, element };
