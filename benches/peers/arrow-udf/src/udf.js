const { target = "", max_distance = 0, pattern = "", path = "", equals } = PARAMETERS;
const regexp = new RegExp(pattern, "u");
const names = path.split(".").slice(1);

export function noop() {
  return true;
}

export function score(price, rating, popularity) {
  return 0.3 * price + 0.5 * rating + 0.2 * popularity;
}

export function scoreNulls(price, rating, popularity) {
  return 0.3 * (price ?? 0) + 0.5 * (rating ?? 0) + 0.2 * (popularity ?? 0);
}

const characters = [...target];

export function distance(title) {
  if (title === null) return false;
  const text = [...title];
  if (Math.abs(text.length - characters.length) > max_distance) return false;
  let above = Array.from({ length: characters.length + 1 }, (_, column) => column);
  for (let row = 0; row < text.length; row++) {
    const current = [row + 1];
    for (let column = 0; column < characters.length; column++) {
      const substituted = above[column] + (text[row] === characters[column] ? 0 : 1);
      current.push(Math.min(above[column + 1] + 1, current[column] + 1, substituted));
    }
    above = current;
  }
  return above[characters.length] <= max_distance;
}

export function regex(title) {
  return title === null ? null : (regexp.exec(title)?.[1] ?? null);
}

export function jsonPath(data) {
  let found = JSON.parse(data);
  for (const name of names) found = found?.[name];
  return found === equals;
}

function weekdaysBefore(day) {
  // 1970-01-01 was a Thursday.
  const week = Math.floor((day + 3) / 7);
  return 5 * week + Math.min(day + 3 - 7 * week, 5);
}

export function businessDays(start, end) {
  return weekdaysBefore(end) - weekdaysBefore(start);
}

export function noopBatch(xs) {
  return xs.map(() => true);
}

export function scoreBatch(prices, ratings, popularities) {
  return prices.map((price, row) => score(price, ratings[row], popularities[row]));
}

export function scoreNullsBatch(prices, ratings, popularities) {
  return prices.map((price, row) => scoreNulls(price, ratings[row], popularities[row]));
}

export function distanceBatch(titles) {
  return titles.map(distance);
}

export function regexBatch(titles) {
  return titles.map(regex);
}

export function jsonPathBatch(data) {
  return data.map(jsonPath);
}

export function businessDaysBatch(starts, ends) {
  return starts.map((start, row) => businessDays(start, ends[row]));
}
