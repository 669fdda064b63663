/** The curve of one lead, drawn from tiles. */

/**
 * Add the curve between two times to the current path.
 *
 * `x(time_s)` and `y(mv)` place it. A bin of several samples becomes an upright stroke from its
 * least to its greatest value, joined to its neighbours at the nearer end, so that no peak is
 * lost; where the signal is missing the line breaks.
 */
export function traceCurve(path, tiles, lead, level, from_s, to_s, x, y) {
  const from = Math.max(Math.floor(from_s * tiles.fs), 0);
  const to = Math.min(Math.ceil(to_s * tiles.fs) + 1, tiles.nSamples);
  if (to <= from) return;
  const [first, last] = tiles.span(level, from, to);
  const pen = { path, x, y, down: false, at: 0 };
  const size = tiles.bins * 2 ** level;
  for (let index = first; index <= last; index++) {
    const tile = tiles.best(level, index);
    const begin = Math.max(from, index * size);
    const end = Math.min(to, (index + 1) * size);
    if (tile) piece(pen, tiles, tile, lead, begin, end);
    else pen.down = false;
  }
}

function piece(pen, tiles, { values, level, index }, lead, from, to) {
  const samplesPerBin = 2 ** level;
  const bins = values.length / (2 * tiles.nLeads);
  const origin = index * tiles.bins;
  const first = Math.max(Math.floor(from / samplesPerBin) - origin, 0);
  const last = Math.min(Math.ceil(to / samplesPerBin) - origin, bins) - 1;
  const middle = samplesPerBin === 1 ? 0 : 0.5;
  const { path, x, y } = pen;
  let at = 2 * (lead * bins + first);
  for (let bin = first; bin <= last; bin++, at += 2) {
    const low = values[at];
    if (low !== low) {
      pen.down = false;
      continue;
    }
    const high = values[at + 1];
    const across = x(((origin + bin + middle) * samplesPerBin) / tiles.fs);
    const upper = y(high);
    if (low === high) {
      if (pen.down) path.lineTo(across, upper);
      else path.moveTo(across, upper);
      pen.at = upper;
    } else {
      const lower = y(low);
      const upFirst = Math.abs(pen.at - upper) < Math.abs(pen.at - lower);
      const start = upFirst ? upper : lower;
      if (pen.down) path.lineTo(across, start);
      else path.moveTo(across, start);
      pen.at = upFirst ? lower : upper;
      path.lineTo(across, pen.at);
    }
    pen.down = true;
  }
}

/**
 * Least and greatest value of a stretch, those that all but a few of its bins keep to, and the
 * median; null where there is no signal.
 */
export function extent(tiles, lead, level, from_s, to_s) {
  const from = Math.max(Math.floor(from_s * tiles.fs), 0);
  const to = Math.min(Math.ceil(to_s * tiles.fs), tiles.nSamples);
  if (to <= from) return null;
  const found = { low: Infinity, high: -Infinity, lows: [], highs: [], middles: [], step: Math.max(1, Math.floor((to - from) / 2 ** level / 300)) };
  const [first, last] = tiles.span(level, from, to);
  const size = tiles.bins * 2 ** level;
  for (let index = first; index <= last; index++) {
    const tile = tiles.best(level, index);
    if (tile) gather(found, tiles, tile, lead, Math.max(from, index * size), Math.min(to, (index + 1) * size));
  }
  const { low, high, lows, highs, middles } = found;
  if (!middles.length) return null;
  for (const values of [lows, highs, middles]) values.sort((a, b) => a - b);
  const few = Math.floor(middles.length / 50);
  return { low, high, usual: [lows[few], highs[highs.length - 1 - few]], median: middles[middles.length >> 1] };
}

function gather(found, tiles, { values, level, index }, lead, from, to) {
  const samplesPerBin = 2 ** level;
  const bins = values.length / (2 * tiles.nLeads);
  const origin = index * tiles.bins;
  const stop = Math.min(Math.ceil(to / samplesPerBin) - origin, bins);
  for (let bin = Math.max(Math.floor(from / samplesPerBin) - origin, 0); bin < stop; bin++) {
    const at = 2 * (lead * bins + bin);
    const low = values[at];
    if (low !== low) continue;
    const high = values[at + 1];
    if (low < found.low) found.low = low;
    if (high > found.high) found.high = high;
    if (bin % found.step) continue;
    found.lows.push(low);
    found.highs.push(high);
    found.middles.push((low + high) / 2);
  }
}

/** The value of a lead at a time, NaN where it is missing or not there yet. */
export function valueAt(tiles, lead, level, time_s) {
  const sample = Math.round(time_s * tiles.fs);
  if (sample < 0 || sample >= tiles.nSamples) return NaN;
  const tile = tiles.best(level, tiles.span(level, sample, sample)[0]);
  if (!tile) return NaN;
  const bins = tile.values.length / (2 * tiles.nLeads);
  const bin = Math.min(Math.floor(sample / 2 ** tile.level) - tile.index * tiles.bins, bins - 1);
  const at = 2 * (lead * bins + bin);
  return (tile.values[at] + tile.values[at + 1]) / 2;
}
