// Whole batches: the loop over the rows, and the results.

#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include <udf.h>

whittle_column *whittle_columns;
size_t whittle_column_count;
uint32_t whittle_row;
const uint8_t *whittle_scores;
bool whittle_in_batch;

// The current row, where the host looks for it, also after a trap: so it is volatile.
static volatile uint32_t watched;

void whittle_watch_row(void) {
  udf_list_u32_t row = {(uint32_t *)&watched, 1};
  whittle_batch_results_watch(&row);
}

void whittle_add_column(uint32_t handle, whittle_kind kind) {
  size_t count = (size_t)handle + 1;
  if (count > whittle_column_count) {
    whittle_columns = whittle_resized(whittle_columns, count * sizeof(*whittle_columns));
    memset(whittle_columns + whittle_column_count, 0,
           (count - whittle_column_count) * sizeof(*whittle_columns));
    whittle_column_count = count;
  }
  whittle_columns[handle].kind = kind;
}

typedef exports_whittle_batch_functions_list_column_t list;

static void open(const list *columns) {
  for (size_t i = 0; i < columns->len; i++) {
    const exports_whittle_batch_functions_column_t *given = &columns->ptr[i];
    if (given->field >= whittle_column_count) {
      continue;
    }
    whittle_column *column = &whittle_columns[given->field];
    *column = (whittle_column){
        .kind = column->kind,
        .validity = given->validity.is_some ? given->validity.val.ptr : NULL,
        .missing = given->values.tag == WHITTLE_BATCH_COLUMNS_VALUES_MISSING,
    };
    if (given->values.tag == WHITTLE_BATCH_COLUMNS_VALUES_NUMBERS) {
      column->values = given->values.val.numbers.ptr;
    } else if (given->values.tag == WHITTLE_BATCH_COLUMNS_VALUES_TEXTS) {
      column->values = given->values.val.texts.bytes.ptr;
      column->offsets = given->values.val.texts.offsets.ptr;
    }
  }
}

static void close(void) {
  for (size_t i = 0; i < whittle_column_count; i++) {
    whittle_columns[i] = (whittle_column){.kind = whittle_columns[i].kind};
  }
}

// The results of the batch. The memory is kept for the next one.
static uint8_t *values, *validity, *offsets;
static size_t values_capacity, rows_capacity;
static bool all_valid;

static void reserve_rows(uint32_t rows) {
  if (rows > rows_capacity) {
    validity = whittle_resized(validity, rows);
    offsets = whittle_resized(offsets, ((size_t)rows + 1) * 4);
    rows_capacity = rows;
  }
}

static void reserve_values(size_t bytes) {
  if (bytes > values_capacity) {
    values_capacity = bytes < 2 * values_capacity ? 2 * values_capacity : bytes;
    values = whittle_resized(values, values_capacity);
  }
}

// No value at a place among the results: null, or the document's error.
static void none(uint32_t place, uint32_t row, const whittle_outcome *outcome) {
  if (all_valid) {
    memset(validity, 1, rows_capacity);
    all_valid = false;
  }
  validity[place] = 0;
  if (outcome->tag == WHITTLE_OUTCOME_VALUE) {
    whittle_batch_results_wrong_kind(row, (uint8_t)outcome->kind);
  } else if (outcome->tag != WHITTLE_OUTCOME_NULL) {
    whittle_batch_results_error_t error = {.tag = WHITTLE_UDF_TYPES_ERROR_FAILED};
    error.val.failed.ptr = (uint8_t *)outcome->value.text.bytes;
    error.val.failed.len = outcome->value.text.length;
    whittle_batch_results_fail(row, &error);
  }
}

static void put(uint32_t rows, size_t bytes, bool texts) {
  udf_list_u8_t flags = {validity, rows};
  udf_list_u8_t given = {values, bytes};
  udf_list_u8_t places = {offsets, ((size_t)rows + 1) * 4};
  whittle_batch_results_put(all_valid ? NULL : &flags, &given, texts ? &places : NULL);
  all_valid = true;
}

static whittle_outcome evaluate(uint32_t row) {
  whittle_row = row;
  watched = row;
  return whittle_bound->evaluate();
}

static bool has_value(const whittle_outcome *outcome) {
  return outcome->tag == WHITTLE_OUTCOME_VALUE && outcome->kind == whittle_bound->returns;
}

static void evaluate_booleans(uint32_t rows) {
  reserve_values(rows);
  for (uint32_t row = 0; row < rows; row++) {
    whittle_outcome outcome = evaluate(row);
    bool found = has_value(&outcome);
    values[row] = found && outcome.value.boolean;
    if (!found) {
      none(row, row, &outcome);
    }
    whittle_release();
  }
  put(rows, rows, false);
}

static void evaluate_words(uint32_t rows) {
  reserve_values((size_t)rows * 8);
  uint64_t *words = (uint64_t *)values;
  for (uint32_t row = 0; row < rows; row++) {
    whittle_outcome outcome = evaluate(row);
    // Of an int64 and of a timestamp these are the same bits.
    memcpy(&words[row], &outcome.value.float64, 8);
    if (!has_value(&outcome)) {
      none(row, row, &outcome);
    }
    whittle_release();
  }
  put(rows, (size_t)rows * 8, false);
}

// Texts of so many bytes are given to the host before the batch is over.
#define TEXT_BYTES 65536

static void evaluate_texts(uint32_t rows) {
  uint32_t place = 0;
  size_t length = 0;
  memset(offsets, 0, 4);
  for (uint32_t row = 0; row < rows; row++) {
    whittle_outcome outcome = evaluate(row);
    if (has_value(&outcome)) {
      whittle_text text = outcome.value.text;
      reserve_values(length + text.length);
      memcpy(values + length, text.bytes, text.length);
      length += text.length;
    } else {
      none(place, row, &outcome);
    }
    whittle_release();
    uint32_t end = (uint32_t)length;
    memcpy(offsets + ((size_t)place + 1) * 4, &end, 4);
    place++;
    if (length >= TEXT_BYTES || row + 1 == rows) {
      put(place, length, true);
      place = 0;
      length = 0;
    }
  }
}

void exports_whittle_batch_functions_evaluate(uint32_t rows, list *columns,
                                              udf_list_u8_t *scores) {
  if (!whittle_bound) {
    whittle_panic("no function is bound");
  }
  open(columns);
  whittle_scores = scores ? scores->ptr : NULL;
  whittle_in_batch = true;
  all_valid = true;
  reserve_rows(rows);
  switch (whittle_bound->returns) {
    case WHITTLE_BOOLEAN:
      evaluate_booleans(rows);
      break;
    case WHITTLE_INT64:
    case WHITTLE_FLOAT64:
    case WHITTLE_TIMESTAMP:
      evaluate_words(rows);
      break;
    case WHITTLE_TEXT:
    case WHITTLE_JSON:
      evaluate_texts(rows);
      break;
  }
  whittle_in_batch = false;
  whittle_scores = NULL;
  close();
  exports_whittle_batch_functions_list_column_free(columns);
  if (scores) {
    udf_list_u8_free(scores);
  }
}
