// Write Whittle UDFs in AssemblyScript: a class, its parameters, one method. See README.md.

import * as document from "./document";

export { document };
export { Level, debug, error, info, log, trace, warn } from "./log";
export {
  BooleanField,
  Float64Field,
  Int64Field,
  JsonField,
  TextField,
  TimestampField,
} from "./field";
export { JsonReader } from "./json-reader";
export { fail, none, refuse } from "./outcome";
export {
  BooleanParameter,
  Float64Parameter,
  Int32Parameter,
  Int64Parameter,
  JsonParameter,
  TextParameter,
  TimestampParameter,
  Uint32Parameter,
} from "./parameter";
export {
  Filter,
  IntegerScore,
  JsonValue,
  Score,
  TextValue,
  TimestampValue,
  Udf,
  register,
} from "./udf";
