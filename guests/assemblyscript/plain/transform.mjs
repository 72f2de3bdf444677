/** Gives the exports the names of the contract, which cannot be written in the source. */

import binaryen from "assemblyscript/binaryen";
import { Transform } from "assemblyscript/transform";

export default class extends Transform {
  afterCompile(module) {
    for (const name of ["describe", "bind", "evaluate"]) {
      const exported = binaryen.getExportInfo(module.getExport(name));
      module.removeExport(name);
      module.addFunctionExport(exported.value, `whittle:udf/functions@0.1.0#${name}`);
    }
  }
}
