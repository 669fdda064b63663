/**
 * What the viewer holds: one analysis, its beats, the selected beat and the stretch in view.
 *
 * `Store` is an EventTarget. It tells of a change by an event without detail:
 *   "analysis"  another recording was opened, or none (`store.analysis` is null then)
 *   "beats"     beats or their labels changed: loaded, edited, undone
 *   "select"    another beat is selected, or none (`store.selected` is null then)
 *   "view"      another stretch is in view (many times a second while panning)
 *   "reader"    the second reader's annotations came or went, or blind reading was switched
 *   "theme"     light or dark: what is drawn on a canvas must be drawn again
 */

export const CLASSES = Object.freeze(["N", "S", "V", "F", "Q"]);

/** Columns of the beats that the viewer holds for the whole recording. */
export const FIELDS = "id,sample,time_s,label,confidence,abstained,rr_s,source";

/**
 * Beats in time order, one array a column; `i` is always the place in this order.
 *
 *   n               how many
 *   id[i]           what names the beat to the server, kept through edits
 *   time_s[i]       seconds from the start of the recording (Float64Array)
 *   sample[i]       the same in samples at the recording's rate (Float64Array)
 *   code[i]         class as place in CLASSES (Uint8Array); label(i) gives its letter
 *   confidence[i]   the model's probability of its own label, NaN for an added beat (Float32Array)
 *   rr_s[i]         interval from the beat before, NaN where unknown (Float32Array)
 *   abstained[i]    1 where the model would rather not say and nobody has said (Uint8Array)
 *   edited[i]       1 where a person named, confirmed or added this beat (Uint8Array)
 *
 * What else the server knows of a beat (probability of each class, reason, quality) is asked for
 * where it is shown: `api.beats(id, {start_s, stop_s})`. Beats are never changed in place: every
 * edit makes a new `store.beats`.
 */
export class Beats {
  /** Make beats from columns of typed arrays; see `fromServer`. */
  constructor({ id, sample, time_s, code, confidence, rr_s, abstained, edited }) {
    this.n = id.length;
    Object.assign(this, { id, sample, time_s, code, confidence, rr_s, abstained, edited });
    this._places = null;
  }

  /** Take the answer of `GET …/beats` with at least FIELDS. */
  static fromServer(said) {
    const n = said.id.length;
    return new Beats({
      id: Float64Array.from(said.id),
      sample: Float64Array.from(said.sample),
      time_s: Float64Array.from(said.time_s),
      code: Uint8Array.from(said.label, (letter) => CLASSES.indexOf(letter)),
      confidence: floats(said.confidence, n),
      rr_s: floats(said.rr_s, n),
      abstained: Uint8Array.from(said.abstained),
      edited: Uint8Array.from(said.source, (letter) => (letter === "u" ? 1 : 0)),
    });
  }

  label(i) {
    return CLASSES[this.code[i]];
  }

  /** The beats after an edit: `changed` as the server gives them, `deleted` ids taken out. */
  withEdit(changed, deleted) {
    const places = changed.map((beat) => this.indexOf(beat.id));
    if (!deleted.length && places.every((i, k) => i >= 0 && this.sample[i] === changed[k].sample)) {
      const columns = Object.fromEntries(COLUMNS.map((name) => [name, this[name].slice()]));
      places.forEach((i, k) => put(columns, i, changed[k]));
      const made = new Beats(columns);
      made._places = this._places;
      return made;
    }
    const gone = new Set([...deleted, ...changed.map((beat) => beat.id)]);
    const kept = [];
    for (let i = 0; i < this.n; i++) if (!gone.has(this.id[i])) kept.push(i);
    return this._merged(kept, [...changed].sort((a, b) => a.sample - b.sample));
  }

  _merged(kept, changed) {
    const n = kept.length + changed.length;
    const columns = empty(n);
    const order = new Float64Array(n);
    let at = 0;
    let next = 0;
    for (const i of kept) {
      while (next < changed.length && changed[next].sample < this.sample[i]) order[at++] = -++next;
      order[at++] = i;
    }
    while (next < changed.length) order[at++] = -++next;
    for (const name of COLUMNS) {
      const [from, to] = [this[name], columns[name]];
      for (let k = 0; k < n; k++) if (order[k] >= 0) to[k] = from[order[k]];
    }
    order.forEach((i, k) => i < 0 && put(columns, k, changed[-i - 1]));
    return new Beats(columns);
  }

  /** Place of the beat with this id, -1 if there is none. */
  indexOf(id) {
    if (id === null || id === undefined) return -1;
    if (this._places === null) {
      this._places = new Map();
      for (let i = 0; i < this.n; i++) this._places.set(this.id[i], i);
    }
    return this._places.get(id) ?? -1;
  }

  /** First beat at or after a time; `n` if there is none. */
  firstAt(time_s) {
    let low = 0;
    let high = this.n;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time_s[middle] < time_s) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Places `[from, to)` of the beats in a stretch of time. */
  range(start_s, stop_s) {
    return [this.firstAt(start_s), this.firstAt(stop_s)];
  }

  /** The beat nearest to a time, -1 if there are none. */
  nearest(time_s) {
    if (!this.n) return -1;
    const after = this.firstAt(time_s);
    if (after === 0) return 0;
    if (after === this.n) return this.n - 1;
    return this.time_s[after] - time_s < time_s - this.time_s[after - 1] ? after : after - 1;
  }

  /** How many of each class: `{N: 2000, S: 3, …}`. */
  counts() {
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < this.n; i++) counts[this.code[i]]++;
    return Object.fromEntries(CLASSES.map((name, k) => [name, counts[k]]));
  }
}

const COLUMNS = ["id", "sample", "time_s", "code", "confidence", "rr_s", "abstained", "edited"];

function empty(n) {
  return {
    id: new Float64Array(n),
    sample: new Float64Array(n),
    time_s: new Float64Array(n),
    code: new Uint8Array(n),
    confidence: new Float32Array(n),
    rr_s: new Float32Array(n),
    abstained: new Uint8Array(n),
    edited: new Uint8Array(n),
  };
}

function put(columns, at, beat) {
  columns.id[at] = beat.id;
  columns.sample[at] = beat.sample;
  columns.time_s[at] = beat.time_s;
  columns.code[at] = CLASSES.indexOf(beat.label);
  columns.confidence[at] = beat.confidence ?? NaN;
  columns.rr_s[at] = beat.rr_s ?? NaN;
  columns.abstained[at] = beat.abstained ? 1 : 0;
  columns.edited[at] = beat.source === "u" ? 1 : 0;
}

function floats(values, n) {
  const found = new Float32Array(n);
  for (let i = 0; i < n; i++) found[i] = values[i] ?? NaN;
  return found;
}

const NO_BEATS = new Beats(empty(0));

export class Store extends EventTarget {
  /** What the server says of the analysis (docs/web-api.md), or null. */
  analysis = null;
  beats = NO_BEATS;
  /** Id of the selected beat, or null. */
  selected = null;
  /** The stretch in view, in seconds from the start. */
  view = { start_s: 0, stop_s: 10 };
  /** The second reader's beats ({name, beats: Beats}) or null, and whether ours are hidden. */
  reader = null;
  blind = false;

  setAnalysis(analysis) {
    this.analysis = analysis;
    this.beats = NO_BEATS;
    this.selected = null;
    this.reader = null;
    this.blind = false;
    this._tell("analysis");
  }

  setBeats(beats) {
    this.beats = beats;
    if (this.selected !== null && beats.indexOf(this.selected) < 0) this.select(null);
    this._tell("beats");
  }

  select(id) {
    if (id === this.selected) return;
    this.selected = id;
    this._tell("select");
  }

  setView(start_s, stop_s) {
    this.view = { start_s, stop_s };
    this._tell("view");
  }

  setReader(reader, blind = this.blind) {
    this.reader = reader;
    this.blind = Boolean(reader) && blind;
    this._tell("reader");
  }

  /** Place of the selected beat in `beats`, -1 if none is selected. */
  get selectedIndex() {
    return this.beats.indexOf(this.selected);
  }

  _tell(what) {
    this.dispatchEvent(new Event(what));
  }
}
