/** Facts of the recording: where it comes from, what was inferred, which model, which edits. */

export function mount(root, app) {
  const { store } = app;
  const ending = new AbortController();
  store.addEventListener("beats", () => show(root, app), { signal: ending.signal });
  store.addEventListener("analysis", () => show(root, app), { signal: ending.signal });
  show(root, app);
  return () => ending.abort();
}

async function show(root, app) {
  const { api, store, element } = app;
  const { analysis } = store;
  if (!analysis?.recording) {
    root.replaceChildren();
    return;
  }
  const edits = element("section", {});
  root.replaceChildren(
    element("div", { class: "about-recording" },
      element("section", {}, element("h2", {}, "Recording"), facts(app, analysis)),
      inferred(app, analysis.recording.inferred),
      edits));
  if (analysis.status !== "done") return;
  try {
    const said = await api.history(analysis.id);
    if (store.analysis?.id === analysis.id) edits.replaceChildren(...history(app, said.edits, analysis.review));
  } catch (error) {
    edits.replaceChildren(element("p", {}, error.message));
  }
}

function facts({ element, format }, { recording, model, lead, review }) {
  const started = recording.start ? `${format.date(0, recording.start)} ${format.clock(0, recording.start)}` : "not known";
  const rows = [
    ["File", recording.name], ["Format", recording.format], ["Started", started],
    ["Length", format.duration(recording.duration_s)],
    ["Leads", recording.leads.join(", ")], ["Beats found in", lead ?? "–"],
    ["Sampling rate", `${Number(recording.fs.toPrecision(6))} Hz`], ["Samples a lead", format.number(recording.n_samples)],
    ["Annotations inside", recording.annotations ? format.number(recording.annotations) : "none"],
    ["Model", model ? model.name : "–"], ["Model’s checksum", model ? `${model.sha256.slice(0, 16)}…` : "–"],
    ["Edits are kept in", review?.beside ? `${review.file.split(/[\\/]/).at(-1)}, beside the recording` : (review?.file ?? "–")],
  ];
  return element("dl", { class: "facts" }, ...rows.map(([what, value]) =>
    element("div", {}, element("dt", {}, what), element("dd", {}, value))));
}

function inferred({ element }, found) {
  if (!found?.length) return null;
  return element("section", {},
    element("h2", {}, "Inferred, as the file does not say"),
    element("div", { class: "table-scroll" }, element("table", { class: "beats-table" },
      element("thead", {}, element("tr", {}, ...["What", "Taken as", "Why", "Option that overrides"].map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, ...found.map(({ what, value, why, option }) =>
        element("tr", {}, element("th", { scope: "row" }, what), ...[value, why, option ?? "–"].map((text) => element("td", {}, String(text)))))))));
}

function history(app, edits, review) {
  const { element, format, store } = app;
  const title = element("h2", {}, "Your edits");
  if (!edits.length) return [title, element("p", { class: "faint" }, "None yet. Every edit is saved at once.")];
  const { duration_s } = store.analysis.recording;
  const said = ({ label, was }) => {
    if (!label) return `deleted a beat of class ${was}`;
    if (!was) return `added a beat of class ${label}`;
    return was === label ? `confirmed ${label}` : `${was} became ${label}`;
  };
  const rows = [...edits].reverse().slice(0, 300).map((edit) =>
    element("tr", { class: edit.undone ? "undone" : null },
      element("th", { scope: "row" }, element("button", { type: "button", class: "link", onclick: () => app.jump(edit.time_s, {}) }, format.elapsed(edit.time_s, duration_s, 2))),
      element("td", {}, said(edit), edit.undone ? " (undone)" : ""),
      element("td", {}, String(edit.at).replace("T", " ").slice(0, 19))));
  return [title,
    element("p", { class: "faint" }, review?.beside ? "Saved beside the recording, newest first." : "Newest first."),
    element("div", { class: "table-scroll" }, element("table", { class: "beats-table" },
      element("thead", {}, element("tr", {}, ...["Time", "What", "When"].map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, ...rows)))];
}
