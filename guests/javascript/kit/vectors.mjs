/**
 * Runs test vectors natively: `node kit/vectors.mjs PROJECT < PROJECT/vectors.json`.
 *
 * It prints one JSON object for each case, as `whittle dev` reads them: `values` and `errors` of the
 * documents, or the `error` that ended the case; `logs`; or why it was `skipped`.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const project = path.resolve(process.argv[2] ?? ".");
const from = createRequire(path.join(project, "package.json"));
const { main } = JSON.parse(readFileSync(path.join(project, "package.json"), "utf8"));
const kit = path.dirname(fileURLToPath(import.meta.url));
const entry = (file) => JSON.stringify(path.resolve(file));

let bundle;
try {
  bundle = await from("esbuild").build({
    stdin: {
      contents:
        `export { functions } from ${entry(path.join(project, main))};` +
        `export { run } from ${entry(path.join(kit, "src/testing/vectors.ts"))};`,
      resolveDir: project,
    },
    absWorkingDir: project,
    bundle: true,
    format: "esm",
    platform: "node",
    mainFields: ["module", "main"],
    sourcemap: "inline",
    write: false,
    logLevel: "warning",
  });
} catch (error) {
  // esbuild has printed what is wrong with the project.
  if (!error.errors) console.error(error.message);
  process.exit(1);
}

process.setSourceMapsEnabled(true);
// Standard output has the results alone.
console.log = console.info = console.debug = console.error;
const [{ contents }] = bundle.outputFiles;
const url = `data:text/javascript;base64,${Buffer.from(contents).toString("base64")}`;
const { functions, run } = await import(url);
for (const line of run(functions, readFileSync(0, "utf8"))) process.stdout.write(`${line}\n`);
