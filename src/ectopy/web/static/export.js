/** The menu of downloads: the reviewed beats, and the report. */

import { element } from "./dom.js";

const BEATS = [["atr", "WFDB annotations (.atr)"], ["csv", "Beats as CSV"], ["json", "Everything as JSON"]];
const REPORTS = [["html", "Report as a page (HTML)"], ["pdf", "Report to print (PDF)"]];

export class ExportMenu {
  constructor(menu, app) {
    this.menu = menu;
    this.app = app;
    menu.addEventListener("click", (event) => {
      if (event.target instanceof HTMLAnchorElement) menu.open = false;
    });
  }

  /** Offer the downloads of an analysis; which reports there are, the server says. */
  async open(id) {
    const list = this.menu.querySelector("ul");
    const { path } = this.app.api;
    list.replaceChildren(...BEATS.map(([format, text]) => item(`${path(id, "export")}?format=${format}`, text, true)));
    let about = { report_formats: ["html"], languages: [], papers: [] };
    try {
      about = await this.app.api.about();
    } catch {
      // The report as a page is always there.
    }
    const reports = REPORTS.filter(([format]) => about.report_formats.includes(format));
    const language = choice("Language", about.languages, names);
    const paper = choice("Paper", about.papers, (each) => ({ a4: "A4", letter: "Letter" })[each] ?? each);
    const links = reports.map(([format, text]) => item("", text, format !== "html", format));
    const update = () => {
      for (const link of links) {
        const query = new URLSearchParams({ format: link.dataset.format });
        if (language.value) query.set("language", language.value);
        if (paper.value && link.dataset.format === "pdf") query.set("paper", paper.value);
        if (link.dataset.format !== "html") query.set("download", "1");
        link.firstChild.href = `${path(id, "report")}?${query}`;
      }
    };
    for (const each of [language, paper]) each.element?.addEventListener("change", update);
    update();
    list.append(...links);
    const choices = [language, paper].filter((each) => each.element).map((each) => each.label);
    if (choices.length) list.append(element("li", { class: "choices" }, ...choices));
  }
}

function item(href, text, download, format = null) {
  const made = element("li", { "data-format": format },
    element("a", { href, download, target: download ? null : "_blank", rel: download ? null : "noopener" }, text));
  return made;
}

function names(language) {
  return { en: "English", ko: "한국어", ja: "日本語" }[language] ?? language;
}

/** A choice of a few values; nothing where there is none to make. */
function choice(title, values, text) {
  if ((values ?? []).length < 2) return { value: values?.[0] ?? "" };
  const select = element("select", {}, ...values.map((each) => element("option", { value: each }, text(each))));
  return {
    element: select,
    label: element("label", {}, `${title} `, select),
    get value() {
      return select.value;
    },
  };
}
