"use strict";
(() => {
  const PAGE = 100;
  const { columns, rows } = JSON.parse(document.getElementById("rows").textContent);
  const at = Object.fromEntries(columns.map((name, i) => [name, i]));
  const words = rows.map((row) => ["recording", "reason", "format", "status"]
    .map((name) => row[at[name]] || "").join("\n").toLowerCase());
  const search = document.getElementById("search");
  const status = document.getElementById("status");
  const where = document.getElementById("where");
  const before = document.getElementById("before");
  const next = document.getElementById("next");
  const body = document.querySelector("#list tbody");
  let by = "recording", up = true, page = 0, chosen = [];

  const number = (n) => (n === null ? "–" : n.toLocaleString("en"));
  const two = (n) => String(n).padStart(2, "0");
  function clock(seconds) {
    if (seconds === null) return "–";
    const s = Math.round(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  }
  function cell(text, kind) {
    const td = document.createElement("td");
    td.textContent = text;
    if (kind) td.className = kind;
    return td;
  }
  function compare(a, b) {
    const x = a[at[by]], y = b[at[by]];
    if (x === y) return 0;
    if (x === null || y === null) return x === null ? 1 : -1;  // what is not known comes last
    return (x < y ? -1 : 1) * (up ? 1 : -1);
  }
  function choose() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    chosen = rows.filter((row, i) => wanted.every((word) => words[i].includes(word))
      && (!status.value || row[at.status] === status.value));
    chosen.sort(compare);
    page = 0;
    show();
  }
  function show() {
    const first = page * PAGE;
    body.replaceChildren(...chosen.slice(first, first + PAGE).map((row) => {
      const tr = document.createElement("tr"), get = (name) => row[at[name]];
      const name = cell(get("recording"));
      if (get("reason")) {
        const why = document.createElement("span");
        why.className = "why";
        why.textContent = get("reason");
        name.append(why);
      }
      const state = cell("");
      const badge = document.createElement("span");
      badge.className = `status ${get("status")}`;
      badge.textContent = get("status");
      state.append(badge);
      tr.append(name, state, cell(clock(get("duration_s")), "n"), cell(number(get("beats")), "n"));
      for (const kind of ["beats_S", "beats_V", "beats_F", "unsure"]) {
        tr.append(cell(number(get(kind)), get(kind) ? "n" : "n zero"));
      }
      const rate = get("mean_bpm"), odd = get("irregular");
      tr.append(cell(rate === null ? "–" : `${Math.round(rate)}/min`, "n"),
        cell(odd === null ? "–" : odd ? "irregular" : "regular", odd ? "" : "zero"));
      return tr;
    }));
    const last = Math.min(first + PAGE, chosen.length);
    where.textContent = chosen.length
      ? `${number(first + 1)} to ${number(last)} of ${number(chosen.length)}` : "none found";
    before.disabled = page === 0;
    next.disabled = last === chosen.length;
  }
  function turn(step) {
    page += step;
    show();
    document.getElementById("recordings").scrollIntoView();
  }
  document.querySelectorAll("#list th button").forEach((button) => {
    button.addEventListener("click", () => {
      const name = button.dataset.by;
      up = name === by ? !up : name === "recording" || name === "status";
      by = name;
      document.querySelectorAll("#list th").forEach((th) => th.removeAttribute("aria-sort"));
      button.parentNode.setAttribute("aria-sort", up ? "ascending" : "descending");
      choose();
    });
  });
  search.addEventListener("input", choose);
  status.addEventListener("change", choose);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  before.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  choose();
})();
