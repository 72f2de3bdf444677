// Keeps asc running between the builds of `whittle dev`. V8 compiles asc's optimiser while it runs,
// which takes most of the time of a first build; later ones take a fraction of it.
//
// Each connection to the socket is a build: a line of JSON with the file to write and what the
// programs are made of, answered by a line of JSON.

import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [socket, asc, programs, ...options] = process.argv.slice(1);

/** How long to wait for a first build before one is made for practice. */
const IDLE_MS = 300;

async function compile(outputs, host) {
  const { main } = await import(pathToFileURL(asc));
  let messages = "";
  const stderr = {
    isTTY: process.stderr.isTTY,
    write: (text) => ((messages += text), true),
  };
  const stdout = { write: () => true };
  const { error } = await main([...options, ...outputs], { stdout, stderr, ...host });
  return { has_succeeded: error === null, messages };
}

/** One build at a time. */
let last = Promise.resolve();

function answer(connection, request) {
  last = last.then(async () => {
    // A build that was killed does not wait for its answer.
    if (connection.destroyed) return;
    const isStale = request.programs !== programs;
    const result = isStale ? { is_stale: true } : await compile(request.outputs);
    connection.end(`${JSON.stringify(result)}\n`);
    if (isStale) server.close();
  });
}

const server = createServer((connection) => {
  clearTimeout(practice);
  connection.on("error", () => {});
  createInterface(connection).once("line", (line) => answer(connection, JSON.parse(line)));
});
server.listen(socket);

const practice = setTimeout(() => {
  last = last.then(() => compile([], { writeFile: () => {} }));
}, IDLE_MS);

// `whittle dev` ends this process, unless it was killed.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid === parent) return;
  rmSync(dirname(socket), { recursive: true, force: true });
  process.exit();
}, 1000).unref();
