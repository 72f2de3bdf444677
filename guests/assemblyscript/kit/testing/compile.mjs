/** Compiles a project to a core module, in this process. */

import { main } from "assemblyscript/asc";

/** What asc made of a project by its asconfig.json, with the names and lines of the source. */
export async function compile(directory) {
  let module;
  let messages = "";
  const write = { write: (text) => ((messages += text), true) };
  const flags = [
    "--config",
    "asconfig.json",
    "--target",
    "debug",
    "--outFile",
    "module.wasm",
    "--noColors",
  ];
  const { error } = await main([...flags, "--baseDir", directory], {
    stdout: write,
    stderr: write,
    writeFile: (name, contents) => {
      if (name.endsWith("module.wasm")) module = contents;
    },
  });
  if (error !== null || module === undefined) {
    const failure = new Error(`asc failed:\n${messages}`);
    failure.stack = failure.message;
    throw failure;
  }
  return module;
}
