/** The beats in view as a table of numbers. */

const WAIT_MS = 220;
const MOST_ROWS = 200;

export function mount(root, app) {
  const { api, store, element, format, colours } = app;
  const ending = new AbortController();
  let timer = 0;
  let asked = null;
  const caption = element("caption", {});
  const body = element("tbody", {});
  const heads = ["Beat", "Time", "Clock", "Class", "Probability", "RR", "Rate", "Quality", "Named by"];
  root.replaceChildren(
    element("div", { class: "table-scroll" },
      element("table", { class: "beats-table" }, caption,
        element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)))), body)));

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT_MS);
  };
  for (const name of ["view", "beats", "reader", "analysis"]) store.addEventListener(name, later, { signal: ending.signal });
  store.addEventListener("select", mark, { signal: ending.signal });
  show();

  async function show() {
    const { analysis, beats, view, blind } = store;
    asked?.abort();
    asked = new AbortController();
    if (analysis?.status !== "done" || blind) {
      caption.textContent = blind ? "Our beats are hidden while you read blind." : "";
      body.replaceChildren();
      return;
    }
    const [from, to] = beats.range(view.start_s, view.stop_s);
    const last = Math.min(to, from + MOST_ROWS);
    caption.textContent = describe(from, last, to);
    if (last === from) {
      body.replaceChildren();
      return;
    }
    const half = 0.5 / analysis.recording.fs;
    try {
      const said = await api.beats(
        analysis.id,
        { start_s: beats.time_s[from] - half, stop_s: beats.time_s[last - 1] + half,
          fields: "id,time_s,label,confidence,abstained,quality,rr_s,source,model_label" },
        { signal: asked.signal });
      body.replaceChildren(...said.id.map((id, k) => row(said, k, from + k, analysis.recording)));
      mark();
    } catch (error) {
      if (error.name !== "AbortError") caption.textContent = error.message;
    }
  }

  function describe(from, last, to) {
    if (to === from) return "No beats in view.";
    const all = format.number(store.beats.n);
    if (last < to) return `The first ${MOST_ROWS} of ${format.number(to - from)} beats in view (${all} in all); zoom in to see the others.`;
    return `${format.count(to - from, "beat")} in view, of ${all} in all.`;
  }

  function row(said, k, place, { start, duration_s }) {
    const { number, elapsed, clock, probability } = format;
    const rr = said.rr_s[k];
    const user = said.source[k] === "u";
    const model = said.model_label[k];
    const by = !user ? "model" : model === "-" ? "you, added" : model === said.label[k] ? "you" : `you (model: ${model})`;
    const made = element("tr", {},
      element("th", { scope: "row" }, element("button", {
        type: "button", class: "link", "aria-label": `Select beat ${place + 1}`, onclick: () => app.jump(said.time_s[k], { select: said.id[k] }),
      }, number(place + 1))),
      ...[elapsed(said.time_s[k], duration_s, 2), clock(said.time_s[k], start) || "–"].map((text) => element("td", {}, text)),
      element("td", {}, colours.badge(said.label[k]), said.abstained[k] ? " unsure" : ""),
      ...[said.confidence[k] === null ? "–" : probability(said.confidence[k]), rr === null ? "–" : `${rr.toFixed(3)} s`,
        rr > 0 ? `${Math.round(60 / rr)} bpm` : "–", said.quality[k] === null ? "–" : said.quality[k].toFixed(2), by]
        .map((text) => element("td", {}, text)));
    made.dataset.beat = said.id[k];
    return made;
  }

  function mark() {
    for (const made of body.rows) {
      const chosen = Number(made.dataset.beat) === store.selected;
      made.classList.toggle("chosen", chosen);
      if (chosen) made.setAttribute("aria-current", "true");
      else made.removeAttribute("aria-current");
    }
  }

  return () => {
    clearTimeout(timer);
    asked?.abort();
    ending.abort();
  };
}
