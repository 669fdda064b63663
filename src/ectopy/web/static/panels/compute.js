// The arithmetic behind the panels: plain functions over columns of beats, nothing drawn.
//
// Beats are those of store.js: columns of one length, NaN where an interval is not known.

const BIN_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const TICK_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
  43200, 86400, 172800];

/** A usual width for the bins of a trend that makes at most `most` of them. */
export function binSeconds(duration, most = 300) {
  return BIN_S.find((s) => duration / s <= most) || duration / most;
}

/** Seconds between ticks of a time axis that has at most `most`. */
export function tickSeconds(span, most = 8) {
  return TICK_S.find((s) => span / s <= most) || Math.ceil(span / most / 86400) * 86400;
}

/** Round steps of a value axis: [bottom, top, step]. */
export function niceAxis(low, high, most = 6) {
  if (!(high > low)) [low, high] = [low - 0.5, low + 0.5];
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => (high - low) / s <= most);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step, step];
}

/** Quantile of ascending numbers, between neighbours in proportion. */
export function quantile(sorted, q) {
  if (!sorted.length) return NaN;
  const place = (sorted.length - 1) * q;
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

/** Number of beats of each class, and of those the model would rather not have named. */
export function tally(beats, from = 0, to = beats.n) {
  const counts = [0, 0, 0, 0, 0];
  const unsure = [0, 0, 0, 0, 0];
  for (let i = from; i < to; i += 1) {
    counts[beats.code[i]] += 1;
    if (beats.abstained[i]) unsure[beats.code[i]] += 1;
  }
  return { counts, unsure };
}

/**
 * Heart rate in bins: mean, 10th and 90th percentile in bpm (NaN without intervals), and the
 * number of beats of each class. `intervals` are those in front of the beats, in seconds.
 */
export function rateTrend(beats, duration, width, intervals = beats.rr_s) {
  const bins = Math.max(Math.ceil(duration / width - 1e-9), 1);
  const [mean, low, high] = [0, 0, 0].map(() => new Float64Array(bins).fill(NaN));
  const counts = Array.from({ length: bins }, () => [0, 0, 0, 0, 0]);
  let i = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const stop = bin === bins - 1 ? Infinity : (bin + 1) * width;
    const inside = [];
    let sum = 0;
    for (; i < beats.n && beats.time_s[i] < stop; i += 1) {
      counts[bin][beats.code[i]] += 1;
      const rr = intervals[i];
      if (rr > 0) {
        inside.push(60 / rr);
        sum += rr;
      }
    }
    if (!inside.length) continue;
    inside.sort((a, b) => a - b);
    mean[bin] = (60 * inside.length) / sum;
    low[bin] = quantile(inside, 0.1);
    high[bin] = quantile(inside, 0.9);
  }
  return { bins, width, mean, low, high, counts };
}

/** Least, mean and greatest RR interval of normal beats in each of `width` columns of time. */
export function rrColumns(beats, duration, width, intervals = beats.rr_s) {
  const [least, greatest, mean] = [0, 0, 0].map(() => new Float64Array(width).fill(NaN));
  const number = new Uint32Array(width);
  const sum = new Float64Array(width);
  for (let i = 0; i < beats.n; i += 1) {
    const rr = intervals[i];
    if (!(rr > 0) || beats.code[i] !== 0) continue;
    const k = Math.min(Math.floor((beats.time_s[i] / duration) * width), width - 1);
    if (!number[k] || rr < least[k]) least[k] = rr;
    if (!number[k] || rr > greatest[k]) greatest[k] = rr;
    number[k] += 1;
    sum[k] += rr;
  }
  for (let k = 0; k < width; k += 1) if (number[k]) mean[k] = sum[k] / number[k];
  return { least, mean, greatest, number };
}

/** An RR axis in seconds that holds nearly all; what goes beyond is drawn at the edge. */
export function rrRange(intervals) {
  const known = [];
  const every = Math.max(1, Math.floor(intervals.length / 50000));
  for (let i = 0; i < intervals.length; i += every) if (intervals[i] > 0) known.push(intervals[i]);
  if (!known.length) return null;
  known.sort((a, b) => a - b);
  const high = Math.min(known[known.length - 1], Math.max(quantile(known, 0.995) * 1.15, 1));
  const low = Math.max(known[0], quantile(known, 0.002) * 0.9);
  return [Math.max(0, low), high];
}

/**
 * Ectopic beats in hours of the clock (of the recording, where the start is not known); in
 * recordings under three hours in shorter pieces.
 */
export function burden(beats, duration, startSecondOfDay = null) {
  const width = duration >= 3 * 3600 ? 3600 : [60, 120, 300, 600].find((s) => duration / s <= 20)
    || 600;
  const offset = startSecondOfDay === null ? 0 : startSecondOfDay % width;
  const bins = [];
  for (let start = -offset; start < duration; start += width) {
    const [from, to] = [Math.max(start, 0), Math.min(start + width, duration)];
    const last = start + width >= duration;
    const first = beats.firstAt(from);
    const end = last ? beats.n : beats.firstAt(to);
    const { counts } = tally(beats, first, end);
    bins.push({ from, to, n: end - first, counts, ectopic: counts[1] + counts[2] + counts[3] });
  }
  return { width, bins };
}

/** Intervals of which neither end lies in a stretch `{start_s, stop_s}` of poor signal. */
export function soundIntervals(beats, poor = []) {
  const rr = Float64Array.from(beats.rr_s);
  for (const { start_s, stop_s } of poor) {
    const [from, to] = beats.range(start_s, stop_s);
    rr.fill(NaN, from, Math.min(to + 1, beats.n));
  }
  return rr;
}

/**
 * Pairs of successive intervals: `x` the one that ends at a beat, `y` the one after it, in ms;
 * `beat` and `code` of the beat between them, `normal` where all three beats are N.
 */
export function intervalPairs(beats, poor = []) {
  const rr = soundIntervals(beats, poor);
  const n = rr.length;
  const [x, y, beat, normal] = [[], [], [], []];
  for (let i = 1; i + 1 < n; i += 1) {
    if (!(rr[i] > 0 && rr[i + 1] > 0)) continue;
    x.push(rr[i] * 1000);
    y.push(rr[i + 1] * 1000);
    beat.push(i);
    normal.push(!beats.code[i - 1] && !beats.code[i] && !beats.code[i + 1]);
  }
  return { x, y, beat, code: beat.map((i) => beats.code[i]), normal };
}

/**
 * Spread of the cloud of normal-to-normal pairs: SD1 across the line of identity, SD2 along it
 * (Brennan, Palaniswami and Kamen 2001, IEEE Trans Biomed Eng 48:1342), with mean, SDNN and
 * RMSSD of the same pairs, all in ms; null with fewer than ten pairs.
 */
export function poincareSpread(pairs) {
  let [n, a, b, aa, bb] = [0, 0, 0, 0, 0];
  for (let i = 0; i < pairs.x.length; i += 1) {
    if (!pairs.normal[i]) continue;
    const across = (pairs.y[i] - pairs.x[i]) / Math.SQRT2;
    const along = (pairs.y[i] + pairs.x[i]) / Math.SQRT2;
    n += 1;
    a += across;
    b += along;
    aa += across * across;
    bb += along * along;
  }
  if (n < 10) return null;
  const sd = (sum, squares) => Math.sqrt(Math.max(squares - (sum * sum) / n, 0) / (n - 1));
  const [sd1, sd2] = [sd(a, aa), sd(b, bb)];
  return {
    n, sd1, sd2, mean: b / n / Math.SQRT2, sdnn: Math.sqrt((sd1 ** 2 + sd2 ** 2) / 2),
    rmssd: Math.sqrt((2 * aa) / n),
  };
}
