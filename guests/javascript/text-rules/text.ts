/** Texts of a document, read when a rule first asks for them. */

/** What a rule looks at. */
export interface Text {
  /** The text; null where the document has none. */
  get(): string | null;
  /** The text such that texts that differ in case alone are equal. Of a document with a text. */
  folded(): string;
}

/** A field, as far as it is read here. */
interface Field {
  get(): string | null;
}

/** The text of a field in the present document. */
export class TextField implements Text {
  /** Undefined where it was not read yet. */
  private text: string | null | undefined;
  private lower: string | undefined;

  constructor(private readonly field: Field) {}

  /** Goes on to the next document. */
  forget(): void {
    this.text = undefined;
    this.lower = undefined;
  }

  get(): string | null {
    if (this.text === undefined) this.text = this.field.get();
    return this.text;
  }

  folded(): string {
    return (this.lower ??= fold(this.get() ?? ""));
  }
}

/** A text without its case. Through upper case, so that "ß" is "ss". */
export function fold(text: string): string {
  return text.toUpperCase().toLowerCase();
}

/** Whether a text has at least `least` and at most `most` characters: Unicode scalar values. */
export function hasLength(text: string, least: number, most: number): boolean {
  const units = text.length;
  // A character has one or two units, which often decides it.
  if (units < least || units > 2 * most) return false;
  if (units >= 2 * least && units <= most) return true;
  const pairs = text.match(/[\u{10000}-\u{10ffff}]/gu)?.length ?? 0;
  return units - pairs >= least && units - pairs <= most;
}
