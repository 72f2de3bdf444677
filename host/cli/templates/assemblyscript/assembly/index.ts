// One function. A component may have several: register each.

import { BooleanParameter, Score, TextField, TextParameter, register } from "../kit/assembly";

class {{Type}}Function extends Score {
  field: TextField = new TextField("field", "The field whose text is looked through.");
  words: TextParameter = new TextParameter("words", "The words, with spaces between them.");
  ignoreCase: BooleanParameter = new BooleanParameter(
    "ignore_case",
    "Whether capital and small letters are the same.",
  ).defaultsTo(true);

  /** The words, each once. */
  private wanted: string[] = [];

  constructor() {
    super("{{function}}", "The part of some words that a text has, from 0 to 1.");
  }

  prepare(): void {
    this.wanted = wordsOf(this.folded(this.words.value));
    if (this.wanted.length == 0) this.refuse("parameter `words`: there is no word in it");
  }

  score(): f64 {
    const text = this.field.get();
    if (text === null) return 0;
    const found = wordsOf(this.folded(text));
    let count = 0;
    for (let index = 0; index < this.wanted.length; index++) {
      if (found.includes(this.wanted[index])) count++;
    }
    return f64(count) / f64(this.wanted.length);
  }

  private folded(text: string): string {
    return this.ignoreCase.value ? text.toLowerCase() : text;
  }
}

register(new {{Type}}Function());

/** The words of a text, each once. */
function wordsOf(text: string): string[] {
  const words = new Array<string>();
  const parts = text.split(" ");
  for (let index = 0; index < parts.length; index++) {
    const word = parts[index];
    if (word.length > 0 && !words.includes(word)) words.push(word);
  }
  return words;
}
