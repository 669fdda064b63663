/** The keyboard: one table that both the help and the listener read. */

const LETTERS = "nsvfq";

/** Groups of `[keys as shown, what they do]` for the help. */
export const HELP = Object.freeze([
  ["Move", [
    ["← →", "a little back or forward"],
    ["Page Up, Page Down", "a screen back or forward"],
    ["Home, End", "start or end of the recording"],
    ["↑ ↓", "leads further up or down"],
    ["+ −", "zoom in or out"],
    ["0", "true scale, 25 mm/s"],
    ["W", "the whole recording"],
  ]],
  ["Find", [
    [", .", "beat before, next beat (or Shift+← →)"],
    ["Shift+V, S, F, Q, N", "next beat of that class"],
    ["J K", "next, previous of the kind looked for last"],
    ["U, Shift+U", "next, previous unsure beat"],
    ["D, Shift+D", "next, previous disagreement with the second reader"],
    ["E, Shift+E", "next, previous beat that you edited"],
  ]],
  ["Review", [
    ["N S V F Q", "name the selected beat (its own class confirms it)"],
    ["A", "add a beat at the dashed line, or in the middle"],
    ["Delete", "delete the selected beat"],
    ["Z or Ctrl+Z", "undo"],
    ["Shift+Z or Ctrl+Y", "redo"],
    ["B", "read blind: hide or show our beats"],
  ]],
  ["Page", [
    ["1 … 9", "the views below the strip"],
    ["X", "more or less room for the strip"],
    ["T", "light or dark"],
    ["?", "this help"],
    ["Esc", "let go of the selected beat, close"],
  ]],
]);

const KEY = "ectopy-single-keys";

/** Whether single letters work everywhere on the page, or only while the strip has the focus. */
export const singleKeys = {
  everywhere: () => localStorage.getItem(KEY) !== "strip",
  set(everywhere) {
    if (everywhere) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "strip");
  },
};

/** Listen for keys and call `act(name, ...arguments)`. */
export function listenKeys(strip, act) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
    if (writes(event.target)) return;
    const [name, ...more] = meaning(event, strip) ?? [];
    if (name && act(name, ...more) !== false) event.preventDefault();
  });
}

function writes(target) {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

function meaning(event, strip) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return command(key, event.shiftKey);
  const onStrip = strip.contains(event.target) || event.target === document.body;
  if (onStrip) {
    const move = movement(key, event.shiftKey);
    if (move) return move;
  }
  if (!onStrip && !singleKeys.everywhere()) return null;
  return letter(key, event.shiftKey);
}

function command(key, shift) {
  if (key === "z") return [shift ? "redo" : "undo"];
  return key === "y" ? ["redo"] : null;
}

function movement(key, shift) {
  switch (key) {
    case "ArrowLeft": return shift ? ["find", "any", -1] : ["pan", -0.1];
    case "ArrowRight": return shift ? ["find", "any", 1] : ["pan", 0.1];
    case "ArrowUp": return ["scroll", -1];
    case "ArrowDown": return ["scroll", 1];
    case "PageUp": return ["pan", -0.9];
    case "PageDown": return ["pan", 0.9];
    case "Home": return ["home"];
    case "End": return ["end"];
    case "Delete": case "Backspace": return ["remove"];
    default: return null;
  }
}

function letter(key, shift) {
  if (LETTERS.includes(key)) return shift ? ["find", key.toUpperCase(), 1] : ["relabel", key.toUpperCase()];
  if (/^[1-9]$/.test(key)) return ["tab", Number(key) - 1];
  switch (key) {
    case "+": case "=": return ["zoom", 1.6];
    case "-": case "_": case "−": return ["zoom", 1 / 1.6];
    case "0": return ["speed", 25];
    case "w": return ["whole"];
    case ".": return ["find", "any", 1];
    case ",": return ["find", "any", -1];
    case "j": return ["again", 1];
    case "k": return ["again", -1];
    case "u": return ["find", "unsure", shift ? -1 : 1];
    case "d": return ["find", "disagreement", shift ? -1 : 1];
    case "e": return ["find", "edited", shift ? -1 : 1];
    case "a": return ["add"];
    case "z": return [shift ? "redo" : "undo"];
    case "b": return ["blind"];
    case "t": return ["theme"];
    case "x": return ["tall"];
    case "?": return ["help"];
    case "Escape": return ["escape"];
    case "Delete": return ["remove"];
    default: return null;
  }
}
