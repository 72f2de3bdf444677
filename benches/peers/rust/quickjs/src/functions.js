// The functions. Each takes the parameters of a query, and gives the function of a document.
({
  noop() {
    return () => true;
  },

  score() {
    return (price, rating, popularity) =>
      0.3 * (price ?? 0) + 0.5 * (rating ?? 0) + 0.2 * (popularity ?? 0);
  },

  // Levenshtein's distance, of UTF-16 code units.
  distance({ target, max_distance }) {
    const columns = target.length;
    let previous = new Array(columns + 1).fill(0);
    let current = new Array(columns + 1).fill(0);
    return (title) => {
      const rows = title.length;
      if (Math.abs(rows - columns) > max_distance) return false;
      for (let column = 0; column <= columns; column++) previous[column] = column;
      for (let row = 1; row <= rows; row++) {
        current[0] = row;
        const unit = title.charCodeAt(row - 1);
        for (let column = 1; column <= columns; column++) {
          const cost = unit === target.charCodeAt(column - 1) ? 0 : 1;
          current[column] = Math.min(
            current[column - 1] + 1,
            previous[column] + 1,
            previous[column - 1] + cost,
          );
        }
        [previous, current] = [current, previous];
      }
      return previous[columns] <= max_distance;
    };
  },

  regex({ pattern }) {
    const compiled = new RegExp(pattern);
    return (title) => compiled.exec(title)?.[1];
  },

  json({ path, equals }) {
    const keys = path.split(".").slice(1);
    return (data) => keys.reduce((value, key) => value?.[key], JSON.parse(data)) === equals;
  },

  business_days() {
    // Mondays to Fridays before a day, counted from a Monday. 1970-01-01 was a Thursday.
    const weekdaysBefore = (day) =>
      5 * Math.floor((day + 3) / 7) + Math.min((day + 3) % 7, 5);
    return (start, end) => weekdaysBefore(end) - weekdaysBefore(start);
  },
});
