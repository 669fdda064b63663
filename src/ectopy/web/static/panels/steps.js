// A table whose rows one steps through: click, or arrow keys from row to row.

/**
 * Let people step through the rows of `host`: each `tr[data-row]` holds one button `.pn-link`.
 * `count()` says how many rows there are and `go(k)` goes to one. Gives `{focus, reset}`.
 */
export function steps(host, { count, go }) {
  const buttons = () => [...host.querySelectorAll("tbody tr[data-row] .pn-link")];
  const focus = (k) => {
    const all = buttons();
    if (!all[k]) return;
    for (const each of all) each.tabIndex = -1;
    all[k].tabIndex = 0;
    all[k].focus({ preventScroll: false });
    all[k].closest("tr").scrollIntoView({ block: "nearest" });
  };
  const to = (k) => {
    go(k);
    focus(k);
  };
  host.addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr[data-row]");
    if (row) to(Number(row.dataset.row));
  });
  host.addEventListener("keydown", (event) => {
    const row = event.target.closest("tbody tr[data-row]");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const [k, last] = [Number(row.dataset.row), count() - 1];
    const next = {
      ArrowDown: k + 1, ArrowUp: k - 1, Home: 0, End: last,
      PageDown: Math.min(k + 10, last), PageUp: Math.max(k - 10, 0),
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (next >= 0 && next <= last) to(next);
  });
  return { focus, to };
}
