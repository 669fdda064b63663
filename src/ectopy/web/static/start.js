/** The first page: drop a file, choose one of the folder, see how far an analysis is. */

import { element } from "./dom.js";

const FILTER_FROM = 12;
const POLL_MS = 250;
const SLOW_MS = 200;

export class Start {
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this._last = null;
    this._name = null;
    this._build();
    this._listen();
  }

  _build() {
    const files = element("input", { type: "file", multiple: true, id: "files", class: "said" });
    files.addEventListener("change", () => {
      if (files.files.length) this.upload([...files.files]);
      files.value = "";
    });
    this._list = element("div", { class: "recordings" });
    this._status = element("div", { class: "status", role: "status" });
    this.root.replaceChildren(
      element("h2", { id: "start-title" }, "Open an ECG"),
      element("p", { class: "lead-in" }, "Every heartbeat is found and named on this computer. Nothing leaves it."),
      files,
      element("label", { class: "drop", for: "files" },
        element("b", {}, "Drop a recording here"),
        element("span", {}, " or choose files …"),
        element("small", {}, "WFDB (.hea with .dat), EDF, DICOM, HL7 aECG, SCP-ECG, GE MUSE, Apple Watch, Kardia, CSV and more")),
      this._status,
      this._list,
    );
  }

  _listen() {
    const page = document.documentElement;
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      page.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) page.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      page.classList.remove("dropping");
      if (!carries(event)) return;
      event.preventDefault();
      this.upload([...event.dataTransfer.files]);
    });
  }

  /** Show the recordings of the folder. */
  async show() {
    const slow = setTimeout(() => this._list.replaceChildren(
      element("p", { class: "looking", role: "status" }, "Looking through the folder …"),
      element("progress", { "aria-label": "Looking through the folder" })), SLOW_MS);
    try {
      const said = await this.app.api.recordings();
      clearTimeout(slow);
      this._showList(said);
    } catch (error) {
      clearTimeout(slow);
      this._list.replaceChildren();
      this.fail(error);
    }
  }

  _showList({ root, recordings, more }) {
    if (!recordings.length) {
      this._list.replaceChildren();
      return;
    }
    const rows = element("ul", {});
    const draw = (text) => {
      const fits = recordings.filter(({ path }) => path.toLowerCase().includes(text.toLowerCase()));
      rows.replaceChildren(...fits.map((each) => this._row(each)));
    };
    const filter = element("input", { type: "search", placeholder: "Find by name", "aria-label": "Find a recording by name" });
    filter.addEventListener("input", () => draw(filter.value));
    draw("");
    this._list.replaceChildren(
      element("div", { class: "list-head" },
        element("h3", {}, root ? `In ${root}` : "Recordings"),
        recordings.length >= FILTER_FROM && filter),
      rows,
      more > 0 && element("p", { class: "faint" }, `${more.toLocaleString("en-US")} more files are not listed; open a folder further down.`) || "",
    );
  }

  _row({ path, name, format, bytes, analysis }) {
    const folder = path.endsWith(name) ? path.slice(0, path.length - name.length) : "";
    return element("li", {},
      element("button", { type: "button", onclick: () => this.analyze({ path }) },
        element("span", { class: "file" }, folder && element("span", { class: "faint" }, folder), element("b", {}, name)),
        element("span", { class: "faint" }, [format, size(bytes)].filter(Boolean).join(" · ")),
        analysis && element("span", { class: "pill" }, "open")));
  }

  /** Analyse files that were dropped or chosen. */
  upload(files, options = {}) {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    for (const [name, value] of Object.entries(options)) form.append(name, value);
    const named = files.length === 1 ? files[0].name : `${files[0].name} and ${files.length - 1} more`;
    const again = (more) => this.upload(files, { ...options, ...more });
    return this._begin(form, named, again);
  }

  /** Analyse a recording of the folder. */
  analyze(body) {
    return this._begin(body, body.path, (more) => this.analyze({ ...body, ...more }));
  }

  async _begin(body, name, again) {
    this._last = again;
    this._name = name;
    if (this.app.store.analysis) this.app.leave();
    this._say(element("p", {}, `Reading ${name} …`), element("progress", { "aria-label": "Reading" }));
    try {
      const { id } = await this.app.api.analyze(body);
      this.app.go(id);
    } catch (error) {
      this.fail(error, name);
    }
  }

  /** Wait until an analysis is done; `seen` is called with what the server says on the way. */
  async follow(id, seen) {
    for (;;) {
      const said = await this.app.api.analysis(id);
      if (!seen(said)) return null;
      if (said.status === "done") return said;
      if (said.status === "failed") {
        const error = new Error(said.error);
        error.kind = said.kind;
        error.recording = said.recording?.name ?? said.path;
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Show plainly what went wrong, and what to do. */
  fail(error, name = error.recording ?? this._name) {
    const parts = [
      element("h3", {}, name ? `${name} could not be opened` : "That did not work"),
      element("p", { class: "message" }, sentence(error.message)),
    ];
    if (error.kind === "MissingFactError" && this._last) parts.push(this._askFacts());
    this._say(element("div", { class: "failure", role: "alert" }, ...parts,
      element("p", { class: "faint" }, "Nothing was changed. You can mend this and drop the file again, or open another one.")));
    this.app.announce(error.message);
  }

  _askFacts() {
    const fs = element("input", { type: "number", min: "1", step: "any", id: "fact-fs", placeholder: "such as 250" });
    const units = element("input", { type: "text", id: "fact-units", placeholder: "such as mV or uV" });
    const form = element("form", { class: "facts-form" },
      element("label", { for: "fact-fs" }, "Samples per second"), fs,
      element("label", { for: "fact-units" }, "Unit of the values"), units,
      element("button", { type: "submit", class: "main" }, "Try with these"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = {};
      if (fs.value) given.fs = Number(fs.value);
      if (units.value) given.units = units.value.trim();
      this._last(given);
    });
    return form;
  }

  _say(...what) {
    this._status.replaceChildren(...what);
    this._status.scrollIntoView({ block: "nearest" });  // the list below it may be long
  }

  clear() {
    this._name = null;
    this._status.replaceChildren();
  }
}

/** The library's line as a sentence: without the path it begins with "is no …" or "holds …". */
function sentence(text) {
  const verb = /^(is|has|holds|was|lacks|needs|ends|begins|cannot|gives|says|names|does)\b/.test(text);
  return verb ? `The file ${text}` : text.charAt(0).toUpperCase() + text.slice(1);
}

function size(bytes) {
  if (!(bytes > 0)) return "";
  if (bytes < 1e6) return `${Math.max(bytes / 1e3, 0.1).toFixed(bytes < 1e5 ? 1 : 0)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
