// In place of a kit: the bindings that wit-bindgen generates from version 0.1 of the contract.

#include "udf.h"
