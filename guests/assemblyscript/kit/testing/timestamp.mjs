/** Timestamps as texts: ISO 8601 and RFC 3339. */

const FORM =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:[Zz]|([+-])(\d\d):?(\d\d)?)?)?$/;

/** Microseconds since 1970-01-01T00:00:00 UTC, of a `Date` or a text; null if it is none. */
export function parseTimestamp(value) {
  if (value instanceof Date) return BigInt(value.getTime()) * 1000n;
  const parts = FORM.exec(value.trim());
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDate || hour > 23 || minute > 59 || second > 59) return null;
  const sign = parts[8] === "-" ? -1 : 1;
  const zone = sign * (Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0));
  const seconds = date.getTime() / 1000 + hour * 3600 + (minute - zone) * 60 + second;
  const fraction = (parts[7] ?? "").padEnd(6, "0").slice(0, 6);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction);
}

/** A `Date` as the host writes it. */
export function showTimestamp(date) {
  return date.toISOString().replace(".000Z", "Z");
}
