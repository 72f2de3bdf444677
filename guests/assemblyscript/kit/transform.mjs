/**
 * What the kit does while asc compiles: it fills in the component's name and version from the
 * project's package.json, directs `abort` to the kit, lets the kit see how much the garbage collector
 * holds, and gives the exports the names of the contract, which cannot be written in the source.
 */

import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import binaryen from "assemblyscript/binaryen";
import { Transform } from "assemblyscript/transform";

/** The functions of the contract that a component exports, by their names in `exports.ts`. */
const EXPORTED = {
  describe: "whittle:udf/functions@0.1.0#describe",
  bind: "whittle:udf/functions@0.1.0#bind",
  evaluate: "whittle:udf/functions@0.1.0#evaluate",
  evaluateBatch: "whittle:batch/functions@0.2.0#evaluate",
};

const KIT = dirname(fileURLToPath(import.meta.url));

export default class WhittleTransform extends Transform {
  afterParse(parser) {
    const project = resolve(this.baseDir);
    const folder = relative(project, resolve(KIT, "assembly")).replaceAll("\\", "/");
    const source = parser.sources.find((source) => source.internalPath === `${folder}/component`);
    if (source === undefined) {
      throw failure(`asconfig.json: the entry ${folder}/exports.ts is missing`);
    }
    fillIn(source, described(project));
    const collector = parser.sources.find((source) => source.internalPath === "~lib/rt/tcms");
    if (collector === undefined) {
      throw failure('asconfig.json: `runtime` must be "minimal", as the kit\'s asconfig.json says');
    }
    exportVariable(collector, "total");

    const { options } = this.program;
    options.globalAliases ??= new Map();
    options.globalAliases.set("abort", `${folder}/log/abort`);
  }

  afterCompile(module) {
    for (const [name, contracts] of Object.entries(EXPORTED)) {
      const exported = binaryen.getExportInfo(module.getExport(name));
      module.removeExport(name);
      module.addFunctionExport(exported.value, contracts);
    }
  }
}

/** What a project's package.json says of the component. */
function described(project) {
  const manifest = JSON.parse(readFileSync(resolve(project, "package.json"), "utf8"));
  for (const key of ["name", "version", "description"]) {
    if (typeof manifest[key] !== "string") {
      throw failure(`package.json: \`${key}\` is missing, which describes the component`);
    }
  }
  const { name, version, description, author = "" } = manifest;
  return {
    // A scope is the registry's matter: `@films/too-long` is `too-long` to a query.
    NAME: name.replace(/^@[^/]*\//, ""),
    VERSION: version,
    DESCRIPTION: description,
    AUTHOR: typeof author === "string" ? author : authorOf(author),
  };
}

/** An error of the project's, which asc shows with its stack: here that is no help. */
function failure(message) {
  const error = new Error(message);
  error.stack = message;
  return error;
}

function authorOf({ name = "", email }) {
  return email === undefined ? name : `${name} <${email}>`;
}

/** `CommonFlags.Export` of the compiler. */
const EXPORT = 2;

/** Exports a variable of a source. */
function exportVariable(source, variable) {
  for (const { declarations = [] } of source.statements) {
    for (const declaration of declarations) {
      if (declaration.name.text === variable) declaration.flags |= EXPORT;
    }
  }
}

/** Puts texts in place of the initializers of a source's constants. */
function fillIn(source, texts) {
  for (const { declarations = [] } of source.statements) {
    for (const { name, initializer } of declarations) {
      if (Object.hasOwn(texts, name.text)) {
        initializer.value = texts[name.text];
      }
    }
  }
}
