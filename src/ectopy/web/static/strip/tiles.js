/**
 * The signal as tiles of a min/max pyramid: fetched when wanted, kept while there is room.
 *
 * A tile holds 1024 bins of 2^level samples for every lead. What is not there yet is drawn from a
 * coarser tile that is.
 */

const ROOM_BYTES = 96 * 2 ** 20;
const AT_ONCE = 4;
const RETRIES = 3;
const RETRY_MS = 1500;

/** Most values of one lead in one view: a sample each, or the least and greatest of a bin. */
const POINTS = 4000;

export class Tiles {
  /**
   * `load(level, index, signal)` gives a promise of a Float32Array, all leads one after another;
   * `changed()` is called when a tile has come, `failed(error)` when one will not.
   */
  constructor(info, load, changed, failed) {
    this.fs = info.fs;
    this.nSamples = info.n_samples;
    this.nLeads = info.leads.length;
    this.bins = info.tile_bins;
    this.levels = info.levels;
    this.top = info.levels.length - 1;
    this._load = load;
    this._changed = changed;
    this._failed = failed;
    this._held = new Map();
    this._bytes = 0;
    this._flying = new Map();
    this._wanted = [];
    this._tries = new Map();
    this._closed = new AbortController();
    this.want([[this.top, 0]]);
  }

  /** The finest level that shows so many samples with at most POINTS values. */
  levelFor(samples) {
    if (samples <= POINTS) return 0;
    return Math.min(Math.ceil(Math.log2((2 * samples) / POINTS)), this.top);
  }

  /** Numbers of the first and last tile of a level that touch samples `[from, to)`. */
  span(level, from, to) {
    const size = this.bins * 2 ** level;
    const last = this.levels[level].n_tiles - 1;
    const clamp = (sample) => Math.min(Math.max(Math.floor(sample / size), 0), last);
    return [clamp(from), clamp(to)];
  }

  /** A tile that is there, or null. Using it keeps it. */
  held(level, index) {
    const key = `${level}/${index}`;
    const tile = this._held.get(key);
    if (!tile) return null;
    this._held.delete(key);
    this._held.set(key, tile);
    return tile;
  }

  /** This tile or the finest coarser one that covers it: `{values, level, index}` or null. */
  best(level, index) {
    for (let up = 0; level + up <= this.top; up++) {
      const values = this.held(level + up, index >> up);
      if (values) return { values, level: level + up, index: index >> up };
    }
    return null;
  }

  /** Fetch these tiles, the first ones first; forget what was wanted before and is not yet asked. */
  want(tiles) {
    this._wanted = tiles.filter(([level, index]) => {
      const key = `${level}/${index}`;
      return !this._held.has(key) && !this._flying.has(key) && (this._tries.get(key) ?? 0) < RETRIES;
    });
    this._fetch();
  }

  /** Whether everything that was wanted is there. */
  get settled() {
    return this._flying.size === 0 && this._wanted.length === 0;
  }

  close() {
    this._closed.abort();
    this._wanted = [];
    this._held.clear();
  }

  _fetch() {
    while (this._flying.size < AT_ONCE && this._wanted.length) {
      const [level, index] = this._wanted.shift();
      const key = `${level}/${index}`;
      if (this._held.has(key) || this._flying.has(key)) continue;
      this._flying.set(key, true);
      this._load(level, index, this._closed.signal).then(
        (values) => this._arrived(key, values),
        (error) => this._missed(key, error),
      );
    }
  }

  _arrived(key, values) {
    this._flying.delete(key);
    if (this._closed.signal.aborted) return;
    this._held.set(key, values);
    this._bytes += values.byteLength;
    const always = `${this.top}/0`;
    for (const [old, tile] of this._held) {
      if (this._bytes <= ROOM_BYTES) break;
      if (old === always || old === key) continue;
      this._held.delete(old);
      this._bytes -= tile.byteLength;
    }
    this._fetch();
    this._changed();
  }

  _missed(key, error) {
    this._flying.delete(key);
    if (this._closed.signal.aborted) return;
    const tries = (this._tries.get(key) ?? 0) + 1;
    this._tries.set(key, tries);
    if (tries >= RETRIES) this._failed(error);
    else setTimeout(() => this._changed(), RETRY_MS * tries);
    this._fetch();
  }
}
