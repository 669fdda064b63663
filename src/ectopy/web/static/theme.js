/** Light or dark: as the system says until a person chooses; kept for the next time. */

import { forget } from "./colours.js";

const KEY = "ectopy-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

function wanted() {
  return localStorage.getItem(KEY) ?? (system.matches ? "dark" : "light");
}

/** Show the theme now and whenever the system's changes; `changed` is called then. */
export function followTheme(changed) {
  const show = () => {
    document.documentElement.dataset.theme = wanted();
    forget();
    changed();
  };
  system.addEventListener("change", show);
  show();
  return {
    /** Switch to the other one; back to what the system says where that is the same. */
    toggle() {
      const next = wanted() === "dark" ? "light" : "dark";
      if (next === (system.matches ? "dark" : "light")) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
      show();
      return next;
    },
  };
}
