// Bundles a project with the kit's runner of vectors, and runs it: vectors on standard input, and on
// standard output an empty line when the project is loaded, and then a line of JSON for each case.

import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { main, engine, project, bundle } = JSON.parse(process.argv[1]);
const { buildSync } = createRequire(pathToFileURL(`${process.cwd()}/`))("esbuild");

try {
  buildSync({
    stdin: {
      contents: `
        export { functions } from ${JSON.stringify(main)};
        export { run } from "whittle-guest/vectors";
      `,
      resolveDir: process.cwd(),
    },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2023",
    mainFields: ["module", "main"],
    sourcemap: "inline",
    outfile: bundle,
    define: {
      WHITTLE_ENGINE: JSON.stringify(engine),
      WHITTLE_PROJECT: JSON.stringify(project),
    },
    // esbuild prints errors itself.
    logLevel: "warning",
  });
} catch {
  process.exit(1);
}
// Standard output has the results alone.
console.log = console.info = console.debug = console.error;
const { functions, run } = await import(pathToFileURL(bundle));
writeSync(1, "\n");
for (const line of run(functions, readFileSync(0, "utf8"))) writeSync(1, `${line}\n`);
