// A weighted score of three numbers, without a kit: with bindings that were generated from version
// 0.1 of the contract alone. It shows the tests that such components keep running.

#include <stdlib.h>
#include <string.h>

#include "whittle.h"

#define FIELDS 3

static const struct {
  const char *weight_name, *field_name, *field;
  double weight;
} usual[FIELDS] = {
    {"price_weight", "price_field", "price", 0.3},
    {"rating_weight", "rating_field", "rating", 0.5},
    {"popularity_weight", "popularity_field", "popularity", 0.2},
};

static struct {
  uint32_t field;
  double weight;
} bound[FIELDS];

static udf_string_t text(const char *from) {
  udf_string_t string;
  udf_string_dup(&string, from);
  return string;
}

static whittle_udf_types_parameter_t parameter(const char *name, uint8_t kind,
                                               whittle_udf_types_value_t usual_value) {
  whittle_udf_types_parameter_t parameter = {.name = text(name), .kind = kind};
  parameter.presence.tag = WHITTLE_UDF_TYPES_PRESENCE_DEFAULT;
  parameter.presence.val.default_ = usual_value;
  return parameter;
}

void exports_whittle_udf_functions_describe(exports_whittle_udf_functions_manifest_t *manifest) {
  whittle_udf_types_parameter_t *parameters = calloc(2 * FIELDS, sizeof *parameters);
  for (size_t index = 0; index < FIELDS; index++) {
    whittle_udf_types_value_t weight = {.tag = WHITTLE_UDF_TYPES_VALUE_FLOAT64};
    weight.val.float64 = usual[index].weight;
    parameters[2 * index] =
        parameter(usual[index].weight_name, WHITTLE_UDF_TYPES_KIND_FLOAT64, weight);
    whittle_udf_types_value_t field = {.tag = WHITTLE_UDF_TYPES_VALUE_TEXT};
    field.val.text = text(usual[index].field);
    parameters[2 * index + 1] =
        parameter(usual[index].field_name, WHITTLE_UDF_TYPES_KIND_TEXT, field);
  }
  whittle_udf_types_function_t *function = calloc(1, sizeof *function);
  function->name = text("custom_score");
  function->parameters.ptr = parameters;
  function->parameters.len = 2 * FIELDS;
  function->returns = WHITTLE_UDF_TYPES_KIND_FLOAT64;
  *manifest = (exports_whittle_udf_functions_manifest_t){
      .name = text("plain"),
      .version = text("0.1.0"),
      .functions = {.ptr = function, .len = 1},
  };
}

static bool is(udf_string_t string, const char *other) {
  return string.len == strlen(other) && memcmp(string.ptr, other, string.len) == 0;
}

bool exports_whittle_udf_functions_bind(udf_string_t *function,
                                        exports_whittle_udf_functions_list_argument_t *arguments,
                                        exports_whittle_udf_functions_error_t *error) {
  (void)error;
  for (size_t index = 0; index < FIELDS; index++) {
    for (size_t given = 0; given < arguments->len; given++) {
      exports_whittle_udf_functions_argument_t *argument = &arguments->ptr[given];
      if (is(argument->name, usual[index].weight_name)) {
        bound[index].weight = argument->value.val.float64;
      } else if (is(argument->name, usual[index].field_name)) {
        bound[index].field = whittle_udf_document_resolve(&argument->value.val.text,
                                                          WHITTLE_UDF_TYPES_KIND_FLOAT64);
      }
    }
  }
  udf_string_free(function);
  exports_whittle_udf_functions_list_argument_free(arguments);
  return true;
}

bool exports_whittle_udf_functions_evaluate(exports_whittle_udf_functions_value_t *value,
                                            exports_whittle_udf_functions_error_t *error) {
  (void)error;
  value->tag = WHITTLE_UDF_TYPES_VALUE_FLOAT64;
  value->val.float64 = 0;
  for (size_t index = 0; index < FIELDS; index++) {
    double number = whittle_udf_document_float64_or(bound[index].field, 0);
    value->val.float64 += bound[index].weight * number;
  }
  return true;
}
