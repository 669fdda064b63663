/** Times and numbers as people read them, the same way as in the report. */

const NBSP = "\u00a0";

/** A time from the start as `m:ss`, from an hour of recording on as `h:mm:ss`. */
export function elapsed(seconds, total_s = seconds, digits = 0) {
  const scale = 10 ** digits;
  const ticks = Math.round(Math.max(seconds, 0) * scale);
  const whole = Math.floor(ticks / scale);
  const fraction = digits ? "." + String(ticks % scale).padStart(digits, "0") : "";
  const tail = String(whole % 60).padStart(2, "0") + fraction;
  const minutes = Math.floor(whole / 60);
  if (total_s < 3600) return `${minutes}:${tail}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
}

/** The start of a recording as milliseconds of a clock without time zone; NaN if unknown. */
export function clockOrigin(start) {
  if (!start) return NaN;
  const parts = /^(\d+)-(\d+)-(\d+)[T ](\d+):(\d+):(\d+)(\.\d+)?/.exec(start);
  if (!parts) return NaN;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) + 1000 * Number(parts[7] ?? 0);
}

/** The time of day `hh:mm:ss` at `seconds` from the start; empty where the start is unknown. */
export function clock(seconds, start, digits = 0) {
  const origin = clockOrigin(start);
  if (Number.isNaN(origin)) return "";
  const scale = 10 ** digits;
  const at = new Date(Math.round(((origin + seconds * 1000) * scale) / 1000) * (1000 / scale));
  return at.toISOString().slice(11, digits ? 20 + digits : 19);
}

/** The date `yyyy-mm-dd` at `seconds` from the start; empty where the start is unknown. */
export function date(seconds, start) {
  const origin = clockOrigin(start);
  return Number.isNaN(origin) ? "" : new Date(origin + seconds * 1000).toISOString().slice(0, 10);
}

/** A length in words, such as "23 h 59 min", "30 min 6 s" or "12.4 s". */
export function duration(seconds) {
  if (seconds < 60) return `${Number(seconds.toPrecision(3))}${NBSP}s`;
  const whole = Math.round(seconds);
  const days = Math.floor(whole / 86400);
  const hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  let parts = [[minutes, "min"], [whole % 60, "s"]];
  if (whole >= 3600) parts = [[hours, "h"], [minutes, "min"]];
  if (days) parts = [[days, days === 1 ? "day" : "days"], [hours, "h"]];
  return parts.filter(([value]) => value).map(([value, unit]) => value + NBSP + unit).join(" ");
}

/** A part of a whole in percent; only nothing reads 0 %, and only all 100 %. */
export function share(part, whole) {
  if (!whole) return "–";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return `<${NBSP}0.1${NBSP}%`;
  if (percent > 99.9 && percent < 100) return `>${NBSP}99.9${NBSP}%`;
  return `${percent.toFixed(percent === 0 || percent === 100 ? 0 : 1)}${NBSP}%`;
}

/** A number with commas between thousands, a dash where it is not known. */
export function number(value, digits = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A probability with two digits, cut rather than rounded: only 1 reads 1.00. */
export function probability(value) {
  return Number.isFinite(value) ? (Math.floor(value * 100 + 1e-6) / 100).toFixed(2) : "–";
}

/** "1 beat", "2,955 beats". */
export function count(n, noun) {
  return `${number(n)} ${noun}${n === 1 ? "" : "s"}`;
}
