// The module `_batch`: fields of whole batches, and the loop over the rows.
//
// Here is what runs once for each document besides the author's method, and one number at a fixed
// place: the current row, which the host reads after a trap too. Everything else of a batch, which
// runs once for many documents, is in Python.

#include "python.h"

#include <stdbool.h>
#include <string.h>

__attribute__((import_module("whittle:batch/results@0.2.0"), import_name("watch"))) void
results_watch(const uint32_t *row, size_t length);

// The current row, where the host looks for it, also after a trap: so it is volatile.
static volatile uint32_t watched;

static uint32_t row;

static void enter(uint32_t next) {
  row = next;
  watched = next;
}

// In the order of the contract.
typedef enum { BOOLEAN, INT64, FLOAT64, TEXT, TIMESTAMP, JSON } kind;

static PyObject *none(void) { return Py_NewRef(&_Py_NoneStruct); }

static PyObject *boolean(bool value) {
  return Py_NewRef(value ? &_Py_TrueStruct : &_Py_FalseStruct);
}

// What a field's values are in the current batch.
typedef enum {
  // There is no batch, or the host has kept the values.
  OUTSIDE,
  // No row has a value.
  MISSING,
  // In the column.
  HERE,
} source;

// The base of the class of fields. They live as long as the instance, so nothing is released.
typedef struct {
  PyObject head;
  kind kind;
  // The host's functions for the kind, without and with a default (`None` if it has none), and their
  // argument.
  PyObject *getter, *getter_or, *handle;
  // The author's type, if it is not what Python has for the kind.
  PyObject *type;
  source source;
  // Into objects that Python keeps: for each row a byte (null if all have a value); the values, or
  // the bytes of the texts; the offsets of the texts.
  const char *validity, *values, *offsets;
} column;

// bind(kind, getter, getter_or, handle, type): what the field is, once.
static PyObject *column_bind(column *self, PyObject *const *arguments, Py_ssize_t count) {
  self->kind = (kind)PyLong_AsLongLong(arguments[0]);
  self->getter = Py_NewRef(arguments[1]);
  self->getter_or = Py_NewRef(arguments[2]);
  self->handle = Py_NewRef(arguments[3]);
  self->type = Py_NewRef(arguments[4]);
  return none();
}

// Points into bytes, or nowhere if they are `None`.
static const char *bytes_of(PyObject *bytes) {
  return bytes == &_Py_NoneStruct ? NULL : PyBytes_AsString(bytes);
}

// open(validity, values, offsets): the column of a batch.
static PyObject *column_open(column *self, PyObject *const *arguments, Py_ssize_t count) {
  self->validity = bytes_of(arguments[0]);
  self->values = bytes_of(arguments[1]);
  self->offsets = bytes_of(arguments[2]);
  self->source = self->values ? HERE : MISSING;
  return none();
}

static PyObject *column_close(column *self, PyObject *unused) {
  self->source = OUTSIDE;
  return none();
}

static PyObject *typed(column *self, PyObject *value) {
  if (!value || self->type == &_Py_NoneStruct) {
    return value;
  }
  PyObject *made = PyObject_CallFunctionObjArgs(self->type, value, NULL);
  Py_DecRef(value);
  return made;
}

static uint32_t offset(const column *self, uint32_t index) {
  uint32_t offset;
  memcpy(&offset, self->offsets + (size_t)index * 4, 4);
  return offset;
}

// The value of the current row, which has one.
static PyObject *here(column *self) {
  const char *word = self->values + (size_t)row * 8;
  switch (self->kind) {
    case BOOLEAN:
      return boolean(self->values[row]);
    case INT64:
    case TIMESTAMP: {
      long long integer;
      memcpy(&integer, word, 8);
      return typed(self, PyLong_FromLongLong(integer));
    }
    case FLOAT64: {
      double number;
      memcpy(&number, word, 8);
      return PyFloat_FromDouble(number);
    }
    case TEXT:
    case JSON: {
      uint32_t start = offset(self, row), end = offset(self, row + 1);
      return typed(self, PyUnicode_DecodeUTF8(self->values + start, (Py_ssize_t)(end - start), NULL));
    }
  }
}

// The value of the current row, or `None`.
static PyObject *read(column *self) {
  if (self->source == OUTSIDE) {
    PyObject *value = PyObject_CallFunctionObjArgs(self->getter, self->handle, NULL);
    return value == &_Py_NoneStruct ? value : typed(self, value);
  }
  if (self->source == MISSING || (self->validity && !self->validity[row])) {
    return none();
  }
  return here(self);
}

// The default that the author gave, as a value of the kind.
static PyObject *defaulted(column *self, PyObject *value) {
  if (value == &_Py_NoneStruct) {
    return none();
  }
  switch (self->kind) {
    case BOOLEAN: {
      int is_true = PyObject_IsTrue(value);
      return is_true < 0 ? NULL : boolean(is_true);
    }
    case INT64: {
      long long integer = PyLong_AsLongLong(value);
      return integer == -1 && PyErr_Occurred() ? NULL : PyLong_FromLongLong(integer);
    }
    case FLOAT64:
      return PyNumber_Float(value);
    case TIMESTAMP:
      return typed(self, Py_NewRef(value));
    case TEXT:
    case JSON:
      return Py_NewRef(value);
  }
}

// One call of the host, and less than half of the other one.
static PyObject *read_or(column *self, PyObject *otherwise) {
  PyObject *value = defaulted(self, otherwise);
  if (!value) {
    return NULL;
  }
  PyObject *read = PyObject_CallFunctionObjArgs(self->getter_or, self->handle, value, NULL);
  Py_DecRef(value);
  return typed(self, read);
}

static PyObject *column_get(column *self, PyObject *const *arguments, Py_ssize_t count,
                            PyObject *names) {
  Py_ssize_t named = names ? PyTuple_Size(names) : 0;
  if (count + named > 1 ||
      (named && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "default"))) {
    PyErr_SetString(PyExc_TypeError, "`get` takes one argument, `default`");
    return NULL;
  }
  PyObject *otherwise = count + named ? arguments[0] : &_Py_NoneStruct;
  if (self->source == OUTSIDE && otherwise != &_Py_NoneStruct &&
      self->getter_or != &_Py_NoneStruct) {
    return read_or(self, otherwise);
  }
  PyObject *value = read(self);
  return value == &_Py_NoneStruct ? defaulted(self, otherwise) : value;
}

static PyObject *column_has(column *self, PyObject *unused) {
  PyObject *value = read(self);
  if (!value) {
    return NULL;
  }
  Py_DecRef(value);
  return boolean(value != &_Py_NoneStruct);
}

static PyMethodDef column_methods[] = {
    {"bind", column_bind, METH_FASTCALL, NULL},
    {"open", column_open, METH_FASTCALL, NULL},
    {"close", column_close, METH_NOARGS, NULL},
    {"get", column_get, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"has", column_has, METH_NOARGS, NULL},
    {0},
};

static PyType_Slot column_slots[] = {{Py_tp_methods, column_methods}, {0}};

static PyType_Spec column_type = {
    "whittle_guest._batch.Column", sizeof(column), 0, Py_TPFLAGS_BASETYPE, column_slots,
};

// What the results of the bound function are, and what Python does with them.
static struct {
  kind kind;
  // Whether `None` is a result.
  bool nullable;
  // Makes a value of the kind of another one, or raises.
  PyObject *lower;
  // Gets the row and the exception of a document that failed.
  PyObject *failed;
  // Gets results: their validity, values and offsets.
  PyObject *put;
} function;

// bind(kind, nullable, lower, failed, put): also tells the host where the current row is.
static PyObject *bind(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
  function.kind = (kind)PyLong_AsLongLong(arguments[0]);
  function.nullable = arguments[1] == &_Py_TrueStruct;
  function.lower = Py_NewRef(arguments[2]);
  function.failed = Py_NewRef(arguments[3]);
  function.put = Py_NewRef(arguments[4]);
  results_watch((const uint32_t *)&watched, 1);
  return none();
}

static bool gives_texts(void) { return function.kind == TEXT || function.kind == JSON; }

// The bytes of a value that is not a text.
static size_t width(void) { return function.kind == BOOLEAN ? 1 : 8; }

// The results that the host does not have yet. The memory is used again.
static struct {
  // The row of the first one.
  uint32_t first;
  bool all_valid;
  char *validity, *values;
  uint32_t *offsets;
  // Of the values: how many bytes are used by texts, and how many there are.
  size_t length, capacity;
} results;

static bool resize(void *memory, size_t bytes) {
  void **place = memory;
  void *resized = PyMem_Realloc(*place, bytes);
  if (!resized) {
    PyErr_NoMemory();
    return false;
  }
  *place = resized;
  return true;
}

static bool reserve(size_t bytes) {
  if (bytes <= results.capacity) {
    return true;
  }
  size_t capacity = bytes < 2 * results.capacity ? 2 * results.capacity : bytes;
  if (!resize(&results.values, capacity)) {
    return false;
  }
  results.capacity = capacity;
  return true;
}

static bool begin(uint32_t rows) {
  results.first = 0;
  results.all_valid = true;
  results.length = 0;
  if (!resize(&results.validity, rows) || !resize(&results.offsets, ((size_t)rows + 1) * 4)) {
    return false;
  }
  results.offsets[0] = 0;
  return reserve((size_t)rows * 8);
}

static PyObject *copy(const void *bytes, size_t length) {
  return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)length);
}

// Gives the host the results of the rows before a row.
static bool put(uint32_t end) {
  size_t rows = end - results.first;
  PyObject *validity = results.all_valid ? none() : copy(results.validity + results.first, rows);
  PyObject *values = copy(results.values, gives_texts() ? results.length : rows * width());
  PyObject *offsets = gives_texts() ? copy(results.offsets, (rows + 1) * 4) : none();
  PyObject *given = NULL;
  if (validity && values && offsets) {
    given = PyObject_CallFunctionObjArgs(function.put, validity, values, offsets, NULL);
  }
  Py_DecRef(validity);
  Py_DecRef(values);
  Py_DecRef(offsets);
  Py_DecRef(given);
  results.first = end;
  results.length = 0;
  return given;
}

static void set_invalid(uint32_t rows) {
  if (results.all_valid) {
    memset(results.validity, 1, rows);
    results.all_valid = false;
  }
  results.validity[row] = 0;
  // The host accepts only 0 and 1 as booleans, also where there is no value.
  if (!gives_texts()) {
    memset(results.values + row * width(), 0, width());
  }
}

// Stores a value as the current row's result. Whether it is of the kind is known, or it has to be of
// exactly Python's type for it. False if it is not, or if it raises.
static bool store_as(bool is_known, PyObject *value) {
  char *word = results.values + (size_t)row * 8;
  switch (function.kind) {
    case BOOLEAN:
      results.values[row] = value == &_Py_TrueStruct;
      return value == &_Py_TrueStruct || value == &_Py_FalseStruct;
    case INT64:
    case TIMESTAMP: {
      if (!is_known && value->type != &PyLong_Type) {
        return false;
      }
      long long integer = PyLong_AsLongLong(value);
      memcpy(word, &integer, 8);
      return integer != -1 || !PyErr_Occurred();
    }
    case FLOAT64: {
      if (!is_known && value->type != &PyFloat_Type) {
        return false;
      }
      double number = PyFloat_AsDouble(value);
      memcpy(word, &number, 8);
      return true;
    }
    case TEXT:
    case JSON: {
      // A `str` is not yet a value of kind json.
      if (!is_known && (value->type != &PyUnicode_Type || function.kind == JSON)) {
        return false;
      }
      Py_ssize_t length;
      const char *text = PyUnicode_AsUTF8AndSize(value, &length);
      if (!text || !reserve(results.length + (size_t)length)) {
        return false;
      }
      memcpy(results.values + results.length, text, (size_t)length);
      results.length += (size_t)length;
      return true;
    }
  }
}

// Stores what the author's method gave as the current row's result. False if it raises.
static bool store(PyObject *value, uint32_t rows) {
  if (value == &_Py_NoneStruct && function.nullable) {
    set_invalid(rows);
    return true;
  }
  if (store_as(false, value)) {
    return true;
  }
  // What `lower` raises says more.
  PyErr_Clear();
  PyObject *lowered = PyObject_CallFunctionObjArgs(function.lower, value, NULL);
  bool stored = lowered && store_as(true, lowered);
  Py_DecRef(lowered);
  return stored;
}

// Reports the exception that was raised for the current row.
static bool fail(uint32_t rows) {
  set_invalid(rows);
  PyObject *exception = PyErr_GetRaisedException(), *index = PyLong_FromLongLong(row);
  PyObject *reported = NULL;
  if (exception && index) {
    reported = PyObject_CallFunctionObjArgs(function.failed, index, exception, NULL);
  }
  Py_DecRef(exception);
  Py_DecRef(index);
  Py_DecRef(reported);
  return reported;
}

// Texts of so many bytes are given to the host before the batch is over.
enum { TEXT_BYTES = 1 << 16 };

// evaluate(rows, compute, values): makes the results of all rows, of what `compute` returns for each
// of them, or of a list of values if there is one.
static PyObject *evaluate(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
  uint32_t rows = (uint32_t)PyLong_AsLongLong(arguments[0]);
  PyObject *compute = arguments[1], *values = arguments[2];
  bool goes_on = begin(rows);
  for (uint32_t next = 0; goes_on && next < rows; next++) {
    enter(next);
    PyObject *value = values == &_Py_NoneStruct ? PyObject_CallNoArgs(compute)
                                                : Py_NewRef(PyList_GetItem(values, next));
    bool stored = value && store(value, rows);
    Py_DecRef(value);
    goes_on = stored || fail(rows);
    if (gives_texts()) {
      results.offsets[next - results.first + 1] = (uint32_t)results.length;
      if (goes_on && (results.length >= TEXT_BYTES || next + 1 == rows)) {
        goes_on = put(next + 1);
      }
    }
  }
  if (goes_on && !gives_texts()) {
    goes_on = put(rows);
  }
  return goes_on ? none() : NULL;
}

// at(row): goes to a row, in which Python reads a field.
static PyObject *at(PyObject *module, PyObject *index) {
  enter((uint32_t)PyLong_AsLongLong(index));
  return none();
}

static const char *scores;
static bool in_batch;

// enter(scores): begins a batch.
static PyObject *enter_batch(PyObject *module, PyObject *bytes) {
  scores = bytes_of(bytes);
  in_batch = true;
  enter(0);
  return none();
}

static PyObject *leave_batch(PyObject *module, PyObject *unused) {
  in_batch = false;
  return none();
}

// score(): the current row's, or `None` outside of a batch.
static PyObject *score(PyObject *module, PyObject *unused) {
  if (!in_batch) {
    return none();
  }
  double score = 1;
  if (scores) {
    memcpy(&score, scores + (size_t)row * 8, 8);
  }
  return PyFloat_FromDouble(score);
}

// filled(values, validity, default): the bytes of values, with those of a default for rows that have
// none.
static PyObject *filled(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
  size_t width = (size_t)PyBytes_Size(arguments[2]), rows = (size_t)PyBytes_Size(arguments[1]);
  const char *validity = PyBytes_AsString(arguments[1]), *value = PyBytes_AsString(arguments[2]);
  // Not by `copy`, whose objects may be shared.
  PyObject *made = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(rows * width));
  if (!made) {
    return NULL;
  }
  char *values = PyBytes_AsString(made);
  memcpy(values, PyBytes_AsString(arguments[0]), rows * width);
  for (size_t index = 0; index < rows; index++) {
    if (!validity[index]) {
      memcpy(values + index * width, value, width);
    }
  }
  return made;
}

static PyMethodDef methods[] = {
    {"bind", bind, METH_FASTCALL, NULL},
    {"enter", enter_batch, METH_O, NULL},
    {"at", at, METH_O, NULL},
    {"evaluate", evaluate, METH_FASTCALL, NULL},
    {"score", score, METH_NOARGS, NULL},
    {"filled", filled, METH_FASTCALL, NULL},
    {"leave", leave_batch, METH_NOARGS, NULL},
    {0},
};

static PyModuleDef definition = {
    .head = {1, NULL}, .name = "_batch", .size = -1, .methods = methods};

__attribute__((visibility("default"))) PyObject *PyInit__batch(void) {
  PyObject *module = PyModule_Create2(&definition, ABI_VERSION);
  PyObject *type = PyType_FromSpec(&column_type);
  if (!module || !type || PyModule_AddType(module, (PyTypeObject *)type) < 0) {
    return NULL;
  }
  return module;
}
