// Says where the main thread is when its time is over, and ends the process: a function that does not
// end lets no timer of its own thread run. The main thread's messages begin what takes time.

import { readFileSync, writeSync } from "node:fs";
import { Session } from "node:inspector";
import { SourceMap } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

const { bundle } = workerData;
let scriptId;
let timer;
let current;

const session = new Session();
session.connectToMainThread();
session.on("Debugger.scriptParsed", ({ params }) => {
  if (params.url === bundle) scriptId = params.scriptId;
});
session.post("Debugger.enable");

parentPort.on("message", (message) => {
  clearTimeout(timer);
  current = message;
  if (message.limit > 0) timer = setTimeout(() => session.post("Debugger.pause"), message.limit);
});

session.on("Debugger.paused", ({ params: { callFrames } }) => {
  const text = `the time limit of ${current.limit} ms is over${place(callFrames)}`;
  if (current.function === undefined) {
    writeSync(2, `loading the project: ${text}\n`);
  } else {
    const error = `function \`${current.function}\` was stopped: ${text}`;
    writeSync(1, `${JSON.stringify({ error, logs: [], ends: true })}\n`);
  }
  // Its exit would wait for this thread, and this one for it.
  process.kill(process.pid, "SIGKILL");
});

/** The innermost line that is the author's. */
function place(callFrames) {
  const code = readFileSync(fileURLToPath(bundle), "utf8");
  const [, encoded] = code.match(/sourceMappingURL=data:application\/json;base64,(\S+)\s*$/) ?? [];
  if (encoded === undefined) return "";
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString()));
  for (const { location } of callFrames) {
    if (location.scriptId !== scriptId) continue;
    const { originalSource, originalLine } = map.findEntry(location.lineNumber, location.columnNumber);
    const isAuthors = originalSource && !/node_modules|\/kit\/src\//.test(originalSource);
    if (isAuthors) return ` at ${basename(originalSource)}:${originalLine + 1}`;
  }
  return "";
}
