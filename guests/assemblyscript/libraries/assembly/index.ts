// Uses each library that docs/LIBRARIES.md lists for AssemblyScript, so that vectors.json tests the
// list.

import { u128 } from "as-bignum/assembly";
import { JSON } from "assemblyscript-json/assembly";

import { TextField, TextParameter, TextValue, register } from "../../kit/assembly";

class Library extends TextValue {
  used: TextParameter = new TextParameter("name", "The name of the library.");
  field: TextField = new TextField("field", "The field with the text.").defaultsTo("text");

  constructor() {
    super("library", "What a library makes of the document's text.");
  }

  value(): string | null {
    const text = this.field.get();
    return text === null ? null : this.use(this.used.value, text);
  }

  private use(name: string, text: string): string | null {
    if (name == "as-bignum") return (u128.from(text) * u128.from(2)).toString();
    if (name == "assemblyscript-json") {
      const object = changetype<JSON.Obj>(JSON.parse(text));
      const number = object.getInteger("a");
      return number === null ? null : number.valueOf().toString();
    }
    if (name == "Date") {
      const date = Date.fromString(text);
      date.setUTCDate(date.getUTCDate() + 1);
      return date.toISOString();
    }
    if (name == "Map") {
      const counts = new Map<string, i32>();
      const words = text.split(" ");
      for (let i = 0; i < words.length; i++) {
        const word = words[i];
        counts.set(word, counts.has(word) ? counts.get(word) + 1 : 1);
      }
      return counts.get(words[0]).toString();
    }
    if (name == "Math") return Math.round(Math.sin(parseFloat(text)) * 1e6).toString();
    if (name == "String") return text.toUpperCase();
    return this.unknown();
  }

  private unknown(): string | null {
    this.fail("unknown library");
    return null;
  }
}

register(new Library());
