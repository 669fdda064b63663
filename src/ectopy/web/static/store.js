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

/**
 * Beats in time order, one array a column; `i` is always the place in this order.
 *
 *   n               how many
 *   id[i]           what names the beat to the server, kept through edits
 *   time_s[i]       seconds from the start of the recording (Float64Array)
 *   sample[i]       the same in samples at the recording's rate (Float64Array)
 *   code[i]         class as place in CLASSES (Uint8Array); label(i) gives its letter
 *   probability[i]  of the class that is shown, 0 to 1 (Float32Array)
 *   rr_s[i]         interval from the beat before, NaN where unknown (Float32Array)
 *   quality[i]      0 to 1 (Float32Array)
 *   abstained[i]    1 where the model would rather not say (Uint8Array); unsure(i) gives a boolean
 *   edited[i]       1 where a person set or added this beat (Uint8Array)
 */
export class Beats {
  constructor(columns = {}) {
    const n = columns.time_s?.length ?? 0;
    this.n = n;
    this.id = columns.id ?? Array.from({ length: n }, (_, i) => i);
    this.time_s = Float64Array.from(columns.time_s ?? []);
    this.sample = Float64Array.from(columns.sample ?? []);
    this.code = codes(columns.label ?? []);
    this.probability = floats(columns.probability, n);
    this.rr_s = floats(columns.rr_s, n);
    this.quality = floats(columns.quality, n);
    this.abstained = flags(columns.abstained, n);
    this.edited = flags(columns.edited, n);
    this._places = null;
  }

  label(i) {
    return CLASSES[this.code[i]];
  }

  unsure(i) {
    return this.abstained[i] === 1 && this.edited[i] === 0;
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

function codes(labels) {
  const found = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) found[i] = Math.max(CLASSES.indexOf(labels[i]), 0);
  return found;
}

function floats(values, n) {
  const found = new Float32Array(n).fill(NaN);
  if (values) for (let i = 0; i < n; i++) if (values[i] !== null) found[i] = values[i];
  return found;
}

function flags(values, n) {
  const found = new Uint8Array(n);
  if (values) for (let i = 0; i < n; i++) found[i] = values[i] ? 1 : 0;
  return found;
}

export class Store extends EventTarget {
  /** What the server says of the analysis (docs/web-api.md), or null. */
  analysis = null;
  beats = new Beats();
  /** Id of the selected beat, or null. */
  selected = null;
  /** The stretch in view, in seconds from the start. */
  view = { start_s: 0, stop_s: 10 };
  /** The second reader's beats ({name, beats: Beats}) or null, and whether ours are hidden. */
  reader = null;
  blind = false;

  setAnalysis(analysis) {
    this.analysis = analysis;
    this.beats = new Beats();
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
