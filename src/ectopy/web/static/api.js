/**
 * The server's API as functions (docs/web-api.md says what each answers).
 *
 * Every function gives a promise; what the server refuses becomes an `ApiError` whose message is
 * the one line that the library wrote for people. Pass `{signal}` to be able to abort. The token
 * is a cookie that scripts cannot read; the browser sends it along.
 */

export class ApiError extends Error {
  constructor(status, message, kind = "") {
    super(message);
    this.name = "ApiError";
    this.status = status;
    /** Name of the library's error, such as "MissingFactError", or "Request". */
    this.kind = kind;
  }
}

async function call(method, path, { body, signal, query } = {}) {
  const address = new URL(path, window.location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) address.searchParams.set(name, value);
  }
  const headers = {};
  let sent = body;
  if (body !== undefined && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    sent = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(address, { method, headers, body: sent, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The viewer's server does not answer. Start `ectopy view` again.");
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  let said = {};
  try {
    said = await response.json();
  } catch {
    // The status must do.
  }
  if (response.status === 401) {
    return new ApiError(401, "This page may not ask any more. Open the address that `ectopy view` printed.");
  }
  const text = typeof said.error === "string" ? said.error : `The server answered ${response.status}.`;
  return new ApiError(response.status, text, said.kind ?? "");
}

const json = (method) => async (path, options) => {
  const response = await call(method, path, options);
  return response.status === 204 ? null : response.json();
};

/** The address of something below an analysis: `path(id, "beats", 12, "why")`. */
const path = (id, ...parts) => "/api/analyses/" + [id, ...parts].map(encodeURIComponent).join("/");

export const api = {
  path,
  get: json("GET"),
  post: (where, body, options) => json("POST")(where, { ...options, body }),
  delete: json("DELETE"),

  about: () => api.get("/api/about"),
  recordings: (options) => api.get("/api/recordings", options),
  analyses: () => api.get("/api/analyses"),
  /** Start an analysis of `{path, …}` in the folder, or of dropped files (FormData). */
  analyze: (body) => api.post("/api/analyses", body),
  close: (id) => api.delete(path(id)),

  analysis: (id, options) => api.get(path(id), options),
  beats: (id, query, options) => api.get(path(id, "beats"), { ...options, query }),
  quality: (id, options) => api.get(path(id, "quality"), options),
  overview: (id, options) => api.get(path(id, "overview"), options),
  gallery: (id, query, options) => api.get(path(id, "gallery"), { ...options, query }),
  why: (id, beat, options) => api.get(path(id, "beats", beat, "why"), options),
  history: (id, options) => api.get(path(id, "history"), options),

  tiles: (id, options) => api.get(path(id, "tiles"), options),
  /** One tile: floats `min, max, …`; `lead` is a number or "all". */
  async tile(id, lead, level, index, options) {
    const response = await call("GET", path(id, "tiles", lead, level, index), options);
    return new Float32Array(await response.arrayBuffer());
  },

  edit: (id, edit) => api.post(path(id, "edits"), edit),
  undo: (id) => api.post(path(id, "undo")),
  redo: (id) => api.post(path(id, "redo")),

  /** Load a second reader: `{path}`, `{recording: true}` or a FormData with `file`. */
  loadReader: (id, body) => api.post(path(id, "second-reader"), body),
  dropReader: (id) => api.delete(path(id, "second-reader")),
  readerBeats: (id, options) => api.get(path(id, "second-reader", "beats"), options),
  agreement: (id, query, options) => api.get(path(id, "agreement"), { ...options, query }),
};
