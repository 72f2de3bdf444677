// The columns of a batch, between the parts of the kit. Authors need `whittle.h` alone.
#ifndef WHITTLE_BATCH_H
#define WHITTLE_BATCH_H

#include "whittle.h"

// A field's values in the current batch; `values` is NULL outside of one, and where the host has
// kept the values.
typedef struct {
  const uint8_t *values;
  // A byte for each row, or NULL if all rows have a value.
  const uint8_t *validity;
  // Of texts: four bytes for each row, and four more.
  const uint8_t *offsets;
  // What the field was resolved as.
  whittle_kind kind;
  // Whether no row has a value; then there are no values.
  bool missing;
} whittle_column;

// By the fields' handles, which are small numbers.
extern whittle_column *whittle_columns;
extern size_t whittle_column_count;

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

// Makes room for a field that was resolved.
void whittle_add_column(uint32_t handle, whittle_kind kind);

// Tells the host where it finds the current row.
void whittle_watch_row(void);

#endif
