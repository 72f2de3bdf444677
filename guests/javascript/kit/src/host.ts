/**
 * What the host gives a component. Node finds the fake host in place of this module, by the condition
 * `node` in `package.json`, so that functions can be tested there.
 */

export * as document from "whittle:udf/document@0.1.0";
export * as logging from "whittle:udf/logging@0.1.0";
export * as results from "whittle:batch/results@0.2.0";
