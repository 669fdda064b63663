// The average beat of each class with its spread, in every lead, on ECG paper.

import { overview } from "./data.js";
import { badge, empty, h, numbers, replace, svg, table } from "./dom.js";
import { ask, panel } from "./panel.js";
import { area, curve, paperRange, sheet } from "./paper.js";
import { NAMES, capital, count, number } from "./words.js";

const MM = (96 / 25.4) * 2; // drawn twice as large as on paper

/** Show the average beats in `root`. */
export function mount(root, app) {
  return panel(root, app, build);

  function build(box, life) {
    const content = h("div", {});
    box.append(h("section", { class: "pn-section" }, h("h2", {}, "Average beats"), content));
    const load = () => ask(content, life, {
      what: "Averaging beats…",
      keep: true,
      question: (signal) => overview(app, signal),
      show: ({ average, average_time_s: times }) => {
        if (!average.length) {
          replace(content, empty("No beats to average", "There are none in good signal."));
          return;
        }
        replace(content, picture(average, times, app));
      },
    });
    life.on("beats", life.soon(load, 300));
    load();
  }
}

function picture(average, times, app) {
  const { lead: own, recording } = app.store.analysis;
  const normal = average.find((each) => each.label === "N");
  const leads = recording.leads.filter((lead) => average.some((each) => leadOf(each, lead)));
  const groups = leads.map((lead) => {
    const shown = average.filter((each) => leadOf(each, lead));
    const curves = shown.map((each) => leadOf(each, lead));
    const [low, high] = extent(curves);
    const range = paperRange(low, high);
    const ghost = normal && leadOf(normal, lead);
    return { lead, range, shown, ghost };
  });
  const gains = [...new Set(groups.map(({ range }) => range.gain))];
  const gain = (each) => `${number(each.range.gain, each.range.gain % 1 ? 2 : 0)} mm/mV`;
  const square = (each) => number(5 / each.range.gain, 5 / each.range.gain < 0.5 ? 2 : 1);
  const note = `Line: mean; band: 10th to 90th percentile of up to 400 beats in good signal`
    + `${normal && average.length > 1 ? "; dashes: the average N" : ""}. 25 mm/s${
      gains.length === 1 ? ` and ${gain(groups[0])}` : ""}, twice as large as on paper: a large `
    + `square is 0.2 s${gains.length === 1 ? ` and ${square(groups[0])} mV` : ""}.`;
  return [
    h("p", { class: "pn-note" }, note),
    h("ul", { class: "pn-legend pn-plain" }, average.map((each) => h("li", {}, badge(each.label),
      ` ${capital(NAMES[each.label])}: `, count(each.n, "beat"),
      each.used < each.n ? `, ${number(each.used)} averaged` : ""))),
    h("div", { class: "pn-leads" }, groups.map((group) => h("section", { class: "pn-lead" },
      h("h3", {}, `Lead ${group.lead}`,
        group.lead === own && leads.length > 1 ? h("span", { class: "pn-aside" }, " the one analysed") : null,
        gains.length > 1 ? h("span", { class: "pn-aside" }, ` ${gain(group)}`) : null),
      h("div", { class: "pn-beats" }, group.shown.map((each) => beat(each, times, group)))))),
    numbers("These numbers as a table", table("Average beats",
      ["Class and lead", "Beats averaged", "Highest, mV", "Lowest, mV", "Height, mV", "Spread at R, mV"],
      groups.flatMap((group) => group.shown.map((each) => row(each, times, group.lead))), { hide: true })),
  ];
}

const leadOf = (each, lead) => each.leads.find((one) => one.lead === lead);
const known = (values) => values.filter((value) => value !== null);

function extent(curves) {
  let [low, high] = [Infinity, -Infinity];
  for (const { mean, p10, p90 } of curves) {
    for (const values of [mean, p10, p90]) {
      for (const value of values) {
        if (value === null) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  return [low, high];
}

function beat(each, times, { lead, range, ghost }) {
  const { mean, p10, p90 } = leadOf(each, lead);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const { width, height, x, y, grid } = sheet({ from, to, range, mm: MM });
  const all = known(mean);
  const says = `Average ${each.label} in lead ${lead}, from ${number(Math.min(...all), 2)} to `
    + `${number(Math.max(...all), 2)} mV, of ${count(each.used, "beat")}`;
  return h("figure", { class: "pn-beat" },
    h("figcaption", {}, badge(each.label), h("span", { class: "pn-aside" }, ` ${count(each.n, "beat")}`)),
    svg("svg", { class: `pn-paper ${each.label}`, viewBox: `0 0 ${width.toFixed(1)} ${height.toFixed(1)}`,
      width: width.toFixed(1), role: "img", "aria-label": says },
    grid,
    svg("path", { class: `pn-band ${each.label}`, d: area(times, p10, p90, x, y) }),
    ghost && each.label !== "N" ? svg("path", { class: "pn-ghost", d: curve(times, ghost.mean, x, y) }) : null,
    svg("path", { class: `pn-line ${each.label}`, d: curve(times, mean, x, y) })));
}

function row(each, times, lead) {
  const { mean, p10, p90 } = leadOf(each, lead);
  const all = known(mean);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const at = times.reduce((best, time, k) => (Math.abs(time) < Math.abs(times[best]) ? k : best), 0);
  const spread = p10[at] === null ? NaN : p90[at] - p10[at];
  return [`${each.label} in ${lead}`, number(each.used), number(high, 2), number(low, 2),
    number(high - low, 2), number(spread, 2)];
}
