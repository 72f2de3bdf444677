import { component, define, field, InvalidArgument, parameter } from "whittle-guest";

/**
 * The words of a text, such that those that differ in case alone are equal.
 *
 * @param {string} text
 */
function wordsOf(text) {
  // Through upper case, since "ß" and "SS" are the same word's.
  const folded = text.toUpperCase().toLowerCase();
  return folded.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

const {{function}} = define({
  name: "{{function}}",
  description: "Tells whether a text has all of some words, in any order and case.",
  parameters: {
    field: field("text", "The field whose text is searched."),
    words: parameter("text", "The words, with spaces between them."),
  },
  returns: "boolean",
  prepare({ field, words }) {
    const sought = wordsOf(words);
    if (sought.length === 0) throw new InvalidArgument("parameter `words` has no word");
    return () => {
      const text = field.get();
      if (text === null) return false;
      const found = new Set(wordsOf(text));
      return sought.every((word) => found.has(word));
    };
  },
});

export const functions = component({{function}});
