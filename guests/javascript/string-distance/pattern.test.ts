/** `Pattern` against the textbook algorithm. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Pattern } from "./pattern.js";

/** Levenshtein's distance from the whole table. */
function distance(left: readonly string[], right: readonly string[]): number {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  left.forEach((character, row) => {
    const current = [row + 1];
    right.forEach((other, column) => {
      const substituted = above[column]! + (character === other ? 0 : 1);
      current.push(Math.min(above[column + 1]! + 1, current[column]! + 1, substituted));
    });
    above = current;
  });
  return above[right.length]!;
}

/** The same sequence in each run: a linear congruential generator. */
let state = 2003;
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function characters(alphabet: string, most: number): string[] {
  const all = [...alphabet];
  return Array.from({ length: random(most + 1) }, () => all[random(all.length)]!);
}

function agrees(target: readonly string[], text: readonly string[], most: number): void {
  const pattern = new Pattern(target.join(""), most);
  const expected = distance(target, text) <= most;
  const told = `${target.join("")} / ${text.join("")} / ${most}`;
  // Twice: a text leaves nothing behind for the next.
  assert.equal(pattern.matches(text.join("")), expected, told);
  assert.equal(pattern.matches(text.join("")), expected, told);
}

test("short texts agree", () => {
  for (let round = 0; round < 20_000; round++) {
    const most = [0, 1, 2, 3, 4, 6, 10, 2 ** 32 - 1][random(8)]!;
    agrees(characters("ab中😀", 9), characters("ab中😀", 9), most);
  }
});

test("near texts of several blocks agree", () => {
  for (let round = 0; round < 3000; round++) {
    const target = characters(round % 2 ? "ab😀é" : "abcdefgh", 200);
    const text = [...target];
    for (let edits = random(9); edits > 0; edits--) {
      text.splice(random(text.length + 1), random(3), ...characters("ab", 2));
    }
    agrees(target, text, [0, 1, 2, 3, 5, 8, 29, 30, 31, 60, 200][random(11)]!);
  }
});

test("lengths around the size of a block agree", () => {
  for (const length of [1, 2, 29, 30, 31, 59, 60, 61, 90]) {
    const target = Array.from({ length }, (_, at) => String.fromCharCode(97 + (at % 26)));
    for (const text of [target.slice(1), target.slice(0, -1), [...target, "z"], [], ["z", "y"]]) {
      for (const most of [0, 1, 2, length, 2 ** 32 - 1]) agrees(target, text, most);
    }
  }
});
