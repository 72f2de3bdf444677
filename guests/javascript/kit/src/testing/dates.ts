/** Dates in texts, as microseconds since 1970. */

const ZONE = "(?<zone>[Zz]|[+-]\\d\\d(?::?\\d\\d)?)?";

/** What makes a field of dates: OpenSearch's `strict_date_optional_time`. */
const OPTIONAL = new RegExp(
  "^(?<y>\\d{4})(?:-(?<m>\\d\\d)(?:-(?<d>\\d\\d))?)?" +
    "(?:T(?<h>\\d\\d)(?::(?<min>\\d\\d)(?::(?<s>\\d\\d)(?:[.,](?<f>\\d{1,9}))?)?)?" +
    `${ZONE})?$`,
);
const SLASHES = /^(?<y>\d{4})\/(?<m>\d\d)\/(?<d>\d\d)(?: (?<h>\d\d):(?<min>\d\d):(?<s>\d\d))?$/;
/** What the contract has for a text that is read as a timestamp: ISO 8601. */
const ISO = new RegExp(
  "^(?<y>\\d{4})-(?<m>\\d\\d)-(?<d>\\d\\d)" +
    "(?:[Tt ](?<h>\\d\\d)(?<c>:?)(?<min>\\d\\d)\\k<c>(?<s>\\d\\d)(?:\\.(?<f>\\d+))?\\s*" +
    `${ZONE})?$`,
);

/** A text in ISO 8601 form. */
export const iso = (text: string): bigint | null => micros(ISO, text);

/** A text that makes a field of dates. */
export const optional = (text: string): bigint | null => micros(OPTIONAL, text);

/** A text of the other form that makes a field of dates. */
export const slashes = (text: string): bigint | null => micros(SLASHES, text);

function micros(form: RegExp, text: string): bigint | null {
  const found = form.exec(text)?.groups;
  if (!found) return null;
  const [y, m, d, h, min, s] = [
    Number(found.y),
    Number(found.m ?? 1),
    Number(found.d ?? 1),
    Number(found.h ?? 0),
    Number(found.min ?? 0),
    Number(found.s ?? 0),
  ];
  const date = new Date(0);
  // Not by `Date.UTC`, which takes the year 99 for 1999.
  date.setUTCFullYear(y, m - 1, d);
  date.setUTCHours(h, min, s);
  const isDay = date.getUTCMonth() === m - 1 && date.getUTCDate() === d && y > 0;
  const offset = offsetMinutes(found.zone ?? "Z");
  if (!isDay || h > 23 || min > 59 || s > 59 || offset === null) return null;
  const fraction = BigInt(`${found.f ?? ""}000000`.slice(0, 6));
  return BigInt(date.getTime() - offset * 60_000) * 1000n + fraction;
}

function offsetMinutes(zone: string): number | null {
  if (zone === "Z" || zone === "z") return 0;
  const digits = `${zone.slice(1).replace(":", "")}00`;
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2, 4))];
  if (hours > 18 || minutes > 59) return null;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}
