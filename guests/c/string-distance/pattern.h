// A text to compare many others with, bit-parallel.
//
// The table of the textbook algorithm has a column for each character of the text. Here a column
// is two bits a row, the differences from row to row, and 64 rows are one step of a few
// instructions: Myers, "A fast bit-vector algorithm for approximate string matching" (1999), as
// restated for the distance of whole texts by Hyyro, "A bit-vector algorithm for computing
// Levenshtein and Damerau edit distances" (2003).
#ifndef PATTERN_H
#define PATTERN_H

#include "whittle.h"

// Where each character stands in up to 64 characters of the target.
typedef struct block block;

// A target and the largest distance that still matches. Distance is Levenshtein's, over Unicode
// scalar values.
typedef struct {
  // In scalar values.
  size_t length;
  size_t max_distance;
  block *blocks;
  size_t block_count;
} pattern;

// Makes a pattern, for as long as the component lives; false where memory is out.
bool pattern_prepare(pattern *pattern, whittle_text target, size_t max_distance);

// Whether a text is within the distance of the target.
bool pattern_matches(const pattern *pattern, whittle_text text);

#endif
