/**
 * Dates and timestamps in texts, as microseconds since 1970-01-01T00:00:00 UTC.
 *
 * A year may lie outside of those that `Date` has, so days are counted here.
 */

const ZONE = "(?<zone>[Zz]|[+-]\\d\\d(?::?\\d\\d)?)?";
const YEAR = "(?<y>\\d{4}|[+-]\\d{4,6})";

/** What makes a field of dates: OpenSearch's `strict_date_optional_time`. */
const OPTIONAL = new RegExp(
  `^${YEAR}(?:-(?<m>\\d\\d)(?:-(?<d>\\d\\d))?)?` +
    "(?:T(?<h>\\d\\d)(?::(?<min>\\d\\d)(?::(?<s>\\d\\d)(?:[.,](?<f>\\d{1,9}))?)?)?" +
    `${ZONE})?$`,
);
const SLASHES = new RegExp(
  `^${YEAR}/(?<m>\\d\\d)/(?<d>\\d\\d)(?: (?<h>\\d\\d):(?<min>\\d\\d):(?<s>\\d\\d))?$`,
);
/** What the contract has for a text that is read as a timestamp: ISO 8601. */
const ISO = new RegExp(
  "^(?<y>\\d{4})-(?<m>\\d\\d)-(?<d>\\d\\d)" +
    "(?:[Tt ](?<h>\\d\\d)(?<c>:?)(?<min>\\d\\d)\\k<c>(?<s>\\d\\d)(?<p>\\.(?<f>\\d+))?" +
    "(?<after>[Zz]|\\s*[+-]\\d\\d(?::?\\d\\d)?)?)?$",
);
const MILLIS = /^(-?\d+)(?:\.\d+)?$/;

const DAY_MINUTES = 1440;

/** The timestamp of a `Date`, or of a text in ISO 8601 form; null if it is none. */
export function parseTimestamp(value) {
  if (value instanceof Date) return BigInt(value.getTime()) * 1000n;
  const found = ISO.exec(value)?.groups;
  // A time without colons has no fraction, and a blank before its offset.
  const isOdd = found?.c === "" && (found.p !== undefined || /^[+-]/.test(found.after ?? ""));
  if (!found || isOdd) return null;
  const zone = offsetMinutes((found.after ?? "Z").trimStart());
  const second = Number(found.s ?? 0);
  // A leap second is the first second of the next minute.
  if (second > 60 || Math.abs(zone) >= DAY_MINUTES) return null;
  return instantOf(found, second, zone);
}

/** A text that makes a field of dates. */
export const parseDate = (text) => micros(OPTIONAL, text);

/** A text of the other form that makes a field of dates. */
export const parseSlashes = (text) => micros(SLASHES, text);

/** Milliseconds since 1970, whose fraction is left out, as microseconds. */
export function parseMillis(digits) {
  const found = MILLIS.exec(digits);
  const micros = found ? BigInt(found[1]) * 1000n : null;
  return micros !== null && BigInt.asIntN(64, micros) === micros ? micros : null;
}

function micros(form, text) {
  const found = form.exec(text)?.groups;
  if (!found) return null;
  const zone = found.zone ?? "Z";
  const second = Number(found.s ?? 0);
  return second > 59 || !isOffset(zone) ? null : instantOf(found, second, offsetMinutes(zone));
}

/** The instant of a day and a time, so many minutes from UTC; null if there is none. */
function instantOf(parts, second, zone) {
  const [hour, minute] = [Number(parts.h ?? 0), Number(parts.min ?? 0)];
  const days = daysOf(Number(parts.y), Number(parts.m ?? 1), Number(parts.d ?? 1));
  if (days === null || hour > 23 || minute > 59) return null;
  const seconds = days * 86_400 + hour * 3600 + (minute - zone) * 60 + second;
  return BigInt(seconds) * 1_000_000n + BigInt(`${parts.f ?? ""}000000`.slice(0, 6));
}

/** The first and the last year that the host has. */
const YEARS = [-262_143, 262_142];

/** The days since 1970, in the calendar of today for all years; null if there is no such day. */
function daysOf(year, month, day) {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const length = lengths[month - 1] ?? 0;
  if (year < YEARS[0] || year > YEARS[1] || day < 1 || day > length) return null;
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const ofYear = lengths.slice(0, month - 1).reduce((sum, days) => sum + days, 0);
  return before * 365 + leapDays + ofYear + day - 719_163;
}

function isOffset(zone) {
  const digits = `${zone.slice(1).replace(":", "")}00`;
  return /[Zz]/.test(zone) || (Number(digits.slice(0, 2)) <= 18 && Number(digits.slice(2, 4)) < 60);
}

function offsetMinutes(zone) {
  if (zone === "Z" || zone === "z") return 0;
  const digits = `${zone.slice(1).replace(":", "")}00`;
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2, 4))];
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}

/** A `Date` as the host writes it. */
export function showTimestamp(date) {
  return date.toISOString().replace(".000Z", "Z");
}
