// The part of CPython's C interface that batch.c uses, so that it compiles without CPython's headers:
// the stable ABI, and the beginning of every object.

#pragma once

#include <stddef.h>
#include <stdint.h>

typedef ptrdiff_t Py_ssize_t;
typedef struct PyTypeObject PyTypeObject;
typedef struct {
  Py_ssize_t references;
  PyTypeObject *type;
} PyObject;

extern PyTypeObject PyFloat_Type, PyLong_Type, PyUnicode_Type;
extern PyObject _Py_NoneStruct, _Py_TrueStruct, _Py_FalseStruct;
extern PyObject *PyExc_TypeError;

void Py_DecRef(PyObject *);
PyObject *Py_NewRef(PyObject *);

// Functions that take objects return a new reference, or null if they raise.
PyObject *PyObject_CallNoArgs(PyObject *);
PyObject *PyObject_CallFunctionObjArgs(PyObject *, ...);
int PyObject_IsTrue(PyObject *);
PyObject *PyList_GetItem(PyObject *, Py_ssize_t);
int PyModule_AddType(PyObject *, PyTypeObject *);
PyObject *PyType_FromSpec(void *);

PyObject *PyBytes_FromStringAndSize(const char *, Py_ssize_t);
char *PyBytes_AsString(PyObject *);
Py_ssize_t PyBytes_Size(PyObject *);
PyObject *PyFloat_FromDouble(double);
double PyFloat_AsDouble(PyObject *);
PyObject *PyNumber_Float(PyObject *);
PyObject *PyLong_FromLongLong(long long);
long long PyLong_AsLongLong(PyObject *);
PyObject *PyUnicode_DecodeUTF8(const char *, Py_ssize_t, const char *);
const char *PyUnicode_AsUTF8AndSize(PyObject *, Py_ssize_t *);
int PyUnicode_CompareWithASCIIString(PyObject *, const char *);
Py_ssize_t PyTuple_Size(PyObject *);
PyObject *PyTuple_GetItem(PyObject *, Py_ssize_t);

void *PyMem_Realloc(void *, size_t);
PyObject *PyErr_NoMemory(void);
PyObject *PyErr_Occurred(void);
void PyErr_Clear(void);
PyObject *PyErr_GetRaisedException(void);
void PyErr_SetString(PyObject *, const char *);

typedef struct {
  const char *name;
  void *function;
  int flags;
  const char *doc;
} PyMethodDef;

enum { METH_KEYWORDS = 2, METH_NOARGS = 4, METH_O = 8, METH_FASTCALL = 128 };

typedef struct {
  int slot;
  void *value;
} PyType_Slot;

enum { Py_tp_methods = 64, Py_TPFLAGS_BASETYPE = 1 << 10 };

typedef struct {
  const char *name;
  int size;
  int item_size;
  unsigned flags;
  PyType_Slot *slots;
} PyType_Spec;

typedef struct {
  PyObject head;
  void *init;
  Py_ssize_t index;
  PyObject *copy;
  const char *name;
  const char *doc;
  Py_ssize_t size;
  PyMethodDef *methods;
  void *slots, *traverse, *clear, *free;
} PyModuleDef;

PyObject *PyModule_Create2(PyModuleDef *, int);
enum { ABI_VERSION = 3 };
