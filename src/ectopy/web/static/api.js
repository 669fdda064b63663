/**
 * The server's API as functions (docs/web-api.md says what each answers).
 *
 * Every function gives a promise; what the server refuses becomes an `ApiError` whose message is
 * the one line that the library wrote for people. Pass `{signal}` to be able to abort.
 */

export class ApiError extends Error {
  constructor(status, message, body = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.body = body;
  }
}

const TOKEN = takeToken();

/** Take the token out of the address, so that it is not shown, copied or kept in the history. */
function takeToken() {
  const address = new URL(window.location.href);
  const found = address.searchParams.get("token");
  if (found) {
    sessionStorage.setItem("ectopy-token", found);
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
  }
  return found ?? sessionStorage.getItem("ectopy-token") ?? "";
}

async function call(method, path, { body, signal, query, accept } = {}) {
  const address = new URL(path, window.location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) address.searchParams.set(name, value);
  }
  const headers = { "X-Ectopy-Token": TOKEN, Accept: accept ?? "application/json" };
  let sent = body;
  if (body !== undefined && !(body instanceof FormData) && !(body instanceof Blob)) {
    headers["Content-Type"] = "application/json";
    sent = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(address, { method, headers, body: sent, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The viewer's server does not answer; start `ectopy view` again.");
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    // The status says enough.
  }
  const said = body?.error?.message ?? body?.error ?? body?.detail ?? body?.message;
  const text = typeof said === "string" ? said : `The server answered ${response.status}.`;
  return new ApiError(response.status, text, body);
}

const json = (method) => async (path, options) => {
  const response = await call(method, path, options);
  return response.status === 204 ? null : response.json();
};

export const api = {
  get: json("GET"),
  post: (path, body, options) => json("POST")(path, { ...options, body }),
  delete: json("DELETE"),

  /** The answer's bytes: an ArrayBuffer. */
  async bytes(path, options) {
    const response = await call("GET", path, { ...options, accept: "application/octet-stream" });
    return response.arrayBuffer();
  },

  /** The address of something below an analysis: `api.path(id, "beats", 12, "why")`. */
  path(id, ...parts) {
    return ["/api/analyses", id, ...parts].map((part, k) => (k ? encodeURIComponent(part) : part)).join("/");
  },

  recordings: (options) => api.get("/api/recordings", options),
  analysis: (id, options) => api.get(api.path(id), options),
  beats: (id, options) => api.get(api.path(id, "beats"), options),
  quality: (id, options) => api.get(api.path(id, "quality"), options),
  overview: (id, options) => api.get(api.path(id, "overview"), options),
  gallery: (id, query, options) => api.get(api.path(id, "gallery"), { ...options, query }),
  why: (id, beat, query, options) => api.get(api.path(id, "beats", beat, "why"), { ...options, query }),
  agreement: (id, query, options) => api.get(api.path(id, "agreement"), { ...options, query }),
  tile: (id, lead, level, index, options) => api.bytes(api.path(id, "tiles", lead, level, index), options),
};
