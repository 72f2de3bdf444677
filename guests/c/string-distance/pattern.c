#include "pattern.h"

#include <stdlib.h>

// Rows in a block: bits in a word.
#define ROWS 64

typedef struct {
  uint32_t character;
  uint64_t rows;
} high_rows;

struct block {
  // The last row of the block.
  unsigned last;
  // For the scalar values below 256.
  uint64_t low[256];
  // For the others, in their order.
  high_rows high[ROWS];
  size_t high_count;
};

// The rows of a block in one column: a bit where the distance is one more, or one less, than in
// the row above.
typedef struct {
  uint64_t up, down;
} column;

// Whether the distance in one row is one more, or one less, than in the column before: 0 or 1.
typedef struct {
  uint64_t up, down;
} carry;

// The next scalar value of well-formed UTF-8.
static uint32_t next(const uint8_t **bytes) {
  const uint8_t *b = *bytes;
  if (b[0] < 0x80) {
    *bytes = b + 1;
    return b[0];
  }
  if (b[0] < 0xe0) {
    *bytes = b + 2;
    return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
  }
  if (b[0] < 0xf0) {
    *bytes = b + 3;
    return (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
  }
  *bytes = b + 4;
  return (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
}

// How many scalar values there are: the bytes that do not go on with one.
static size_t count(whittle_text text) {
  size_t count = 0;
  for (size_t i = 0; i < text.length; i++) {
    count += ((uint8_t)text.bytes[i] & 0xc0) != 0x80;
  }
  return count;
}

// Where a character above 255 stands, or would, among those of the block.
static size_t place(const block *block, uint32_t character) {
  size_t low = 0, high = block->high_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (block->high[middle].character < character) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void add(block *block, uint32_t character, unsigned row) {
  uint64_t bit = UINT64_C(1) << row;
  if (character < 256) {
    block->low[character] |= bit;
    return;
  }
  size_t index = place(block, character);
  if (index == block->high_count || block->high[index].character != character) {
    for (size_t i = block->high_count; i > index; i--) {
      block->high[i] = block->high[i - 1];
    }
    block->high[index] = (high_rows){character, 0};
    block->high_count++;
  }
  block->high[index].rows |= bit;
}

static inline uint64_t rows_of(const block *block, uint32_t character) {
  if (character < 256) {
    return block->low[character];
  }
  size_t index = place(block, character);
  bool found = index < block->high_count && block->high[index].character == character;
  return found ? block->high[index].rows : 0;
}

bool pattern_prepare(pattern *pattern, whittle_text target, size_t max_distance) {
  pattern->length = count(target);
  pattern->max_distance = max_distance;
  pattern->block_count = (pattern->length + ROWS - 1) / ROWS;
  pattern->blocks = NULL;
  if (pattern->block_count) {
    pattern->blocks = calloc(pattern->block_count, sizeof(block));
    if (!pattern->blocks) {
      return false;
    }
  }
  const uint8_t *bytes = (const uint8_t *)target.bytes;
  for (size_t i = 0; i < pattern->length; i++) {
    block *block = &pattern->blocks[i / ROWS];
    block->last = (unsigned)(i % ROWS);
    add(block, next(&bytes), block->last);
  }
  return true;
}

// Goes on to the column of the text's next character. `above` is the row above the block; the
// result is the block's last row.
static inline carry advance(column *column, const block *block, uint32_t character, carry above) {
  uint64_t equal = rows_of(block, character);
  uint64_t vertical = equal | column->down;
  equal |= above.down;
  uint64_t diagonal = (((equal & column->up) + column->up) ^ column->up) | equal;
  uint64_t up = column->down | ~(diagonal | column->up);
  uint64_t down = column->up & diagonal;
  carry last = {up >> block->last & 1, down >> block->last & 1};
  up = up << 1 | above.up;
  down = down << 1 | above.down;
  column->up = down | ~(vertical | up);
  column->down = up & vertical;
  return last;
}

bool pattern_matches(const pattern *pattern, whittle_text text) {
  size_t length = count(text);
  size_t apart = length > pattern->length ? length - pattern->length : pattern->length - length;
  if (apart > pattern->max_distance) {
    return false;
  }
  if (!pattern->block_count) {
    return true;
  }
  column one = {~UINT64_C(0), 0}, *columns = &one;
  if (pattern->block_count > 1) {
    columns = malloc(pattern->block_count * sizeof(column));
    if (!columns) {
      whittle_panic("out of memory");
    }
    for (size_t i = 0; i < pattern->block_count; i++) {
      columns[i] = one;
    }
  }
  // The distance in the last row, followed through the columns. In the first it is the row's number.
  size_t distance = pattern->length;
  bool within = true;
  const uint8_t *bytes = (const uint8_t *)text.bytes;
  for (size_t remaining = length; remaining-- && within;) {
    uint32_t character = next(&bytes);
    // Above the first row the distance is the column's number.
    carry change = {1, 0};
    for (size_t i = 0; i < pattern->block_count; i++) {
      change = advance(&columns[i], &pattern->blocks[i], character, change);
    }
    distance += change.up;
    distance -= change.down;
    // Each further character lessens the distance by one at most.
    within = distance <= pattern->max_distance || distance - pattern->max_distance <= remaining;
  }
  if (columns != &one) {
    free(columns);
  }
  return within;
}
