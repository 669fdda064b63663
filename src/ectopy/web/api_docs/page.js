// Lists what /openapi.json says: each route, what it takes and what it gives.

const make = (tag, text = "", kind = "") => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (kind) element.className = kind;
  return element;
};

const named = (spec, schema) =>
  schema?.$ref ? spec.components.schemas[schema.$ref.split("/").pop()] : schema;

/** The shape of a value in the words of JSON, with what is inside down to a depth. */
function shape(spec, given, depth = 0) {
  const schema = named(spec, given) ?? {};
  if (schema.anyOf) return schema.anyOf.map((each) => shape(spec, each, depth)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.type === "array") return `[${shape(spec, schema.items, depth)}, …]`;
  if (schema.properties && depth < 4) {
    const pad = "  ".repeat(depth + 1);
    const needed = new Set(schema.required ?? []);
    const rows = Object.entries(schema.properties).map(
      ([name, each]) => `${pad}"${name}"${needed.has(name) ? "" : "?"}: ${shape(spec, each, depth + 1)}`,
    );
    return `{\n${rows.join(",\n")}\n${"  ".repeat(depth)}}`;
  }
  if (schema.type === "object" && schema.additionalProperties) {
    return `{name: ${shape(spec, schema.additionalProperties, depth)}, …}`;
  }
  return schema.format === "binary" ? "file" : schema.type ?? "any";
}

function parameters(spec, list) {
  const table = make("table");
  const head = table.createTHead().insertRow();
  for (const title of ["name", "in", "type", "default"]) head.append(make("th", title));
  const body = table.createTBody();
  for (const each of list) {
    const row = body.insertRow();
    row.insertCell().append(make("code", each.name));
    row.insertCell().textContent = each.in;
    const says = each.description ? ` (${each.description})` : "";
    row.insertCell().textContent = shape(spec, each.schema) + says;
    const preset = each.schema?.default;
    row.insertCell().textContent = each.required ? "needed" : JSON.stringify(preset ?? null);
  }
  return table;
}

function route(spec, method, path, said) {
  const whole = make("details");
  const summary = make("summary");
  const text = (said.description ?? said.summary ?? "").trim();
  summary.append(make("span", method.toUpperCase(), "method"), make("code", path, "path"));
  summary.append(make("span", text, "brief"));
  const inside = make("div", "", "inside");
  if (said.parameters?.length) {
    inside.append(make("h3", "Takes"), parameters(spec, said.parameters));
  }
  for (const [kind, { schema }] of Object.entries(said.requestBody?.content ?? {})) {
    inside.append(make("h3", `Takes ${kind}`), make("pre", shape(spec, schema)));
  }
  for (const [status, answer] of Object.entries(said.responses)) {
    const kinds = Object.entries(answer.content ?? {});
    inside.append(make("h3", `${status}: ${answer.description}`));
    for (const [kind, { schema }] of kinds) {
      inside.append(make("pre", schema?.$ref || schema?.type ? shape(spec, schema) : kind));
    }
  }
  whole.append(summary, inside);
  return whole;
}

async function list() {
  const root = document.getElementById("routes");
  const answer = await fetch("/openapi.json");
  if (!answer.ok) {
    root.replaceChildren(make("p", "Open this page from the viewer; it needs the token."));
    return;
  }
  const spec = await answer.json();
  document.getElementById("says").textContent = `${spec.info.description} Version ${spec.info.version}.`;
  const groups = new Map();
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, said] of Object.entries(methods)) {
      const group = said.tags?.[0] ?? "other";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(route(spec, method, path, said));
    }
  }
  root.replaceChildren();
  for (const [group, routes] of groups) {
    const section = make("section");
    section.append(make("h2", group), ...routes);
    root.append(section);
  }
}

list();
