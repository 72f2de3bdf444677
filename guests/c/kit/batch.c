// Whole batches: the loop over the rows, and the results.

#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include <udf.h>

whittle_column whittle_columns[WHITTLE_HANDLES];
uint32_t whittle_row;
const uint8_t *whittle_scores;
bool whittle_in_batch;

// One more than the largest handle.
static uint32_t handle_count;

// The current row, where the host looks for it, also after a trap: so it is volatile.
static volatile uint32_t watched;

void whittle_watch_row(void) {
  udf_list_u32_t row = {(uint32_t *)&watched, 1};
  whittle_batch_results_watch(&row);
}

void whittle_add_column(uint32_t handle, whittle_kind kind) {
  if (handle >= WHITTLE_HANDLES) {
    whittle_panic("a function reads at most 1024 fields");
  }
  if (handle >= handle_count) {
    handle_count = handle + 1;
  }
  whittle_columns[handle].resolved = (uint8_t)(kind + 1);
}

// The validity of a column in which no row has a value.
static uint8_t *none_valid;
static uint32_t none_valid_rows;

static void reserve_none_valid(uint32_t rows) {
  if (rows > none_valid_rows) {
    none_valid = whittle_resized(none_valid, rows);
    memset(none_valid, 0, rows);
    none_valid_rows = rows;
  }
}

typedef exports_whittle_batch_functions_list_column_t list;

static void open(uint32_t rows, const list *columns) {
  reserve_none_valid(rows);
  for (size_t i = 0; i < columns->len; i++) {
    const exports_whittle_batch_functions_column_t *given = &columns->ptr[i];
    if (given->field >= handle_count) {
      continue;
    }
    whittle_column *column = &whittle_columns[given->field];
    column->here = column->resolved;
    column->validity = given->validity.is_some ? given->validity.val.ptr : NULL;
    switch (given->values.tag) {
      case WHITTLE_BATCH_COLUMNS_VALUES_MISSING:
        column->validity = none_valid;
        break;
      case WHITTLE_BATCH_COLUMNS_VALUES_NUMBERS:
        column->values = given->values.val.numbers.ptr;
        break;
      case WHITTLE_BATCH_COLUMNS_VALUES_TEXTS:
        column->values = given->values.val.texts.bytes.ptr;
        column->offsets = given->values.val.texts.offsets.ptr;
        break;
      default:
        column->here = 0;
    }
  }
}

static void close(void) {
  for (uint32_t i = 0; i < handle_count; i++) {
    whittle_columns[i].here = 0;
  }
}

// The number of a field in the current document.
static bool get(uint32_t handle, uint8_t resolved, uint64_t *number) {
  switch (resolved) {
    case WHITTLE_BOOLEAN + 1:
      return whittle_udf_document_get_boolean(handle, (bool *)number);
    case WHITTLE_INT64 + 1:
      return whittle_udf_document_get_int64(handle, (int64_t *)number);
    case WHITTLE_FLOAT64 + 1:
      return whittle_udf_document_get_float64(handle, (double *)number);
    default:
      return whittle_udf_document_get_timestamp(handle, (int64_t *)number);
  }
}

void whittle_open_document(void) {
  static uint64_t numbers[WHITTLE_HANDLES];
  reserve_none_valid(1);
  whittle_row = 0;
  for (uint32_t i = 0; i < handle_count; i++) {
    whittle_column *column = &whittle_columns[i];
    uint8_t resolved = column->resolved;
    if (!resolved || resolved == WHITTLE_TEXT + 1 || resolved == WHITTLE_JSON + 1) {
      continue;
    }
    bool found = get(i, resolved, &numbers[i]);
    column->here = resolved;
    column->values = (const uint8_t *)&numbers[i];
    column->validity = found ? NULL : none_valid;
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
    whittle_text reason = whittle_reason(outcome);
    error.val.failed.ptr = (uint8_t *)reason.bytes;
    error.val.failed.len = reason.length;
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

static inline bool has_value(const whittle_outcome *outcome, whittle_kind returns) {
  return outcome->tag == WHITTLE_OUTCOME_VALUE && outcome->kind == returns;
}

static inline void enter(uint32_t row) {
  whittle_row = row;
  watched = row;
}

// Evaluates the rows from one on, until one has no value or there are no more, and returns that row.
// The loop itself has no call of the host, so that values stay in registers.
__attribute__((flatten)) static inline uint32_t run(const whittle_function *function, uint32_t row, uint32_t rows,
                           uint8_t *flags, uint64_t *words, whittle_outcome *other) {
  for (; row < rows; row++) {
    enter(row);
    whittle_outcome outcome = function->evaluate();
    if (!has_value(&outcome, function->returns)) {
      *other = outcome;
      return row;
    }
    if (function->returns == WHITTLE_BOOLEAN) {
      flags[row] = outcome.value.boolean;
    } else {
      // Of an int64 and of a timestamp these are the same bits.
      memcpy(&words[row], &outcome.value.float64, 8);
    }
    whittle_release();
  }
  return row;
}

// The first function of a component, which mostly is the only one, is known at link time: it is
// inlined into the loop.
static uint32_t run_first(uint32_t row, uint32_t rows, whittle_outcome *other) {
  return run(whittle_this_udf.functions, row, rows, values, (uint64_t *)values, other);
}

static uint32_t run_any(uint32_t row, uint32_t rows, whittle_outcome *other) {
  return run(whittle_bound, row, rows, values, (uint64_t *)values, other);
}

static void evaluate_numbers(uint32_t rows, size_t width) {
  reserve_values(rows * width);
  uint32_t (*run)(uint32_t, uint32_t, whittle_outcome *) =
      whittle_bound == whittle_this_udf.functions ? run_first : run_any;
  whittle_outcome other;
  for (uint32_t row = 0; (row = run(row, rows, &other)) < rows; row++) {
    memset(values + row * width, 0, width);
    none(row, row, &other);
    whittle_release();
  }
  put(rows, rows * width, false);
}

// Texts of so many bytes are given to the host before the batch is over.
#define TEXT_BYTES 65536

static void evaluate_texts(uint32_t rows) {
  uint32_t place = 0;
  size_t length = 0;
  memset(offsets, 0, 4);
  for (uint32_t row = 0; row < rows; row++) {
    enter(row);
    whittle_outcome outcome = whittle_bound->evaluate();
    if (has_value(&outcome, whittle_bound->returns)) {
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
  open(rows, columns);
  whittle_scores = scores ? scores->ptr : NULL;
  whittle_in_batch = true;
  all_valid = true;
  reserve_rows(rows);
  switch (whittle_bound->returns) {
    case WHITTLE_BOOLEAN:
      evaluate_numbers(rows, 1);
      break;
    case WHITTLE_INT64:
    case WHITTLE_FLOAT64:
    case WHITTLE_TIMESTAMP:
      evaluate_numbers(rows, 8);
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
