/**
 * Where an error was thrown, in the author's own files. The engine knows only the bundle of all
 * modules; `whittle build` puts a table at its end, which says which line of which file each part of
 * it comes from.
 */

/** A part of the bundle: up to the next one it comes from this line of a file. */
interface Part {
  readonly line: number;
  readonly column: number;
  /** The file and its line; `undefined` if it is not the author's. */
  readonly place: string | undefined;
}

let parts: readonly Part[] | undefined;

/** How many calls are shown. */
const SHOWN = 8;

/**
 * The author's lines in a stack, the innermost first; empty if there are none. Without a table, which
 * StarlingMonkey's components do not have, it is the stack.
 */
export function placesOf(stack: string): string {
  const table = (globalThis as { WHITTLE_LINES?: string }).WHITTLE_LINES;
  if (table === undefined) return stack.trim();
  parts ??= read(table);
  const places = [];
  for (const [, line, column] of stack.matchAll(/udf\.js:(\d+):(\d+)/g)) {
    const place = placeOf(parts, Number(line), Number(column));
    if (place !== undefined) places.push(place);
  }
  return places.slice(0, SHOWN).join(", ");
}

/** The table has the files, and after them a line, a column, a file and its line for each part. */
function read(table: string): readonly Part[] {
  const [files = "", numbers = ""] = table.split("\n");
  const names = files.split("|");
  return numbers.split(";").map((part) => {
    const [line, column, file, place] = part.split(",");
    const name = file ? names[Number(file)] : undefined;
    return {
      line: Number(line),
      column: Number(column),
      place: name && `${name}:${place}`,
    };
  });
}

/** Parts are in order. */
function placeOf(parts: readonly Part[], line: number, column: number): string | undefined {
  let found: string | undefined;
  for (const part of parts) {
    if (part.line > line || (part.line === line && part.column > column)) break;
    found = part.place;
  }
  return found;
}
