// The columns of a batch, between the parts of the kit. Authors need `whittle.h` alone.
#ifndef WHITTLE_BATCH_H
#define WHITTLE_BATCH_H

#include "whittle.h"

// A field's values, in the rows of a batch, or in the one row of a document.
typedef struct {
  const uint8_t *values;
  // A byte for each row, or NULL if all rows have a value.
  const uint8_t *validity;
  // Of texts: four bytes for each row, and four more.
  const uint8_t *offsets;
  // The kind as which the values can be read here, plus one; 0 if the host has to be asked.
  uint8_t here;
  // What the field was resolved as: one more than a kind, or 0.
  uint8_t resolved;
} whittle_column;

// By the fields' handles, which are small numbers. A table of fixed size at a fixed place, so that the
// compiler knows that no result is written into it.
#define WHITTLE_HANDLES 1032
extern whittle_column whittle_columns[WHITTLE_HANDLES];

// The current row. Apart from the one that the host watches, so that it may be in a register.
extern uint32_t whittle_row;

// The scores of the batch, of eight bytes; NULL if the host has them, or if all are 1.
extern const uint8_t *whittle_scores;
extern bool whittle_in_batch;

// Of `whittle.c`: the bound function, the end of a document, and memory, of which there is enough or
// the component ends.
extern const whittle_function *whittle_bound;
void whittle_release(void);
void *whittle_resized(void *memory, size_t bytes);

// Of `whittle.c`: why a document that has neither a value nor null failed.
whittle_text whittle_reason(const whittle_outcome *outcome);

// Notes a field that was resolved.
void whittle_add_column(uint32_t handle, whittle_kind kind);

// Reads the numbers of the current document, outside of a batch, into columns of one row. So a field
// of numbers is read without a call of the host, across which no value could stay in a register.
void whittle_open_document(void);

// Tells the host where it finds the current row.
void whittle_watch_row(void);

#endif
