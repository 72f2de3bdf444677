// Bundles a project with the kit's runner of vectors, and runs it: vectors on standard input, and on
// standard output an empty line when the project is loaded, and then a line of JSON for each case.

import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const { main, engine, project, bundle, watch } = JSON.parse(process.argv[1]);
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

const { href } = pathToFileURL(bundle);
const watcher = new Worker(new URL(`data:text/javascript,${encodeURIComponent(watch)}`), {
  workerData: { bundle: href },
});
watcher.unref();
// Without an inspector, `whittle dev` ends what takes too long, and does not know the line.
watcher.on("error", () => {});
const limitOf = (name) => Number(process.env[name] ?? 0);

watcher.postMessage({ limit: limitOf("WHITTLE_LOADING_MS") });
const { functions, run } = await import(href);
writeSync(1, "\n");
const text = readFileSync(0, "utf8");
const called = [JSON.parse(text)].flat().flatMap((suite) => suite.cases.map(() => suite.function));
const limit = limitOf("WHITTLE_TIMEOUT_MS");
watcher.postMessage({ limit, function: called.shift() });
for (const line of run(functions, text)) {
  watcher.postMessage({ limit, function: called.shift() });
  writeSync(1, `${line}\n`);
}
