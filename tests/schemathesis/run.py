"""Runs Schemathesis against a node's description of its API, with a client beside it whose answers stay right.

    run.py WHITTLE GUESTS [SECONDS [SEED]]
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from hooks import KEPT

HERE = Path(__file__).resolve().parent
# What the node's process may take, in MiB.
MEMORY = 700
# In seconds; an answer takes milliseconds.
TIMEOUT = 30

FILMS = [("Alien", "1979-05-25", 8.5), ("Aliens", "1986-07-18", 8.4), ("Star Wars", "1977-05-25", 8.8)]


class Node:
    def __init__(self, whittle: str, directory: str):
        self.log = open(Path(directory, "log"), "wb")
        command = [whittle, "serve", "--data", Path(directory, "data"), "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("schema: the node does not start:\n" + self.log_text())
        self.url = line.split()[-1].rstrip("/")

    def send(self, method: str, path: str, body=None) -> tuple[int, dict]:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=TIMEOUT)
        try:
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def memory(self, kind: str) -> int:
        """What the process takes (`VmRSS`), or took at most (`VmHWM`), in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith(kind))

    def log_text(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text(errors="replace")


def fill(node: Node, guests: Path):
    """Two indexes for the requests, one that they leave alone, and two UDFs."""
    for index in ["films", "notes", KEPT]:
        for number, (title, released, rating) in enumerate(FILMS):
            document = {"title": title, "released": released, "rating": rating, "year": int(released[:4])}
            status, answer = node.send("PUT", f"/{index}/_doc/{number}?refresh=true", document)
            assert status == 201, answer
    for guest in ["string-distance", "custom-score"]:
        status, answer = node.send("PUT", "/_udf", Path(guests, "rust", f"{guest}.wasm").read_bytes())
        assert status == 201, answer


def check(node: Node) -> str | None:
    """What is wrong with the index that is left alone."""
    score = {"function": "custom_score", "params": {"rating_field": "rating"}}
    search = {"query": {"match": {"title": "alien"}}, "fields": {"score": {"wasm_udf": score}}}
    status, found = node.send("POST", f"/{KEPT}/_search", search)
    hits = found.get("hits", {}).get("hits", [])
    if status != 200 or [hit["_source"]["title"] for hit in hits] != ["Alien"] or "score" not in hits[0]["fields"]:
        return f"search: {status}: {found}"
    status, counted = node.send("GET", f"/{KEPT}/_count")
    if status != 200 or counted["count"] != len(FILMS):
        return f"count: {status}: {counted}"
    status, got = node.send("GET", f"/{KEPT}/_doc/2")
    if status != 200 or got["_source"]["title"] != "Star Wars":
        return f"get: {status}: {got}"
    return None


class Client(threading.Thread):
    """Asks for what the index that is left alone has, again and again."""

    def __init__(self, node: Node):
        super().__init__()
        self.node, self.ended = node, threading.Event()
        self.times, self.wrong = [], []

    def run(self):
        while not self.ended.wait(0.05):
            start = time.monotonic()
            try:
                wrong = check(self.node)
            except (OSError, ValueError, http.client.HTTPException) as error:
                wrong = repr(error)
            self.times.append(time.monotonic() - start)
            if wrong:
                self.wrong.append(wrong)


def main(whittle: str, guests: str, seconds: str = "60", seed: str = "13"):
    with tempfile.TemporaryDirectory() as directory:
        node = Node(whittle, directory)
        try:
            # Schemathesis leaves files where it is started.
            run(node, Path(guests), seconds, seed, directory)
        finally:
            node.process.send_signal(signal.SIGTERM)
            node.process.wait(timeout=TIMEOUT)


def run(node: Node, guests: Path, seconds: str, seed: str, directory: str):
    fill(node, guests)
    client = Client(node)
    client.start()
    schemathesis = [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml"]
    options = ["--seed", seed, "--max-time", seconds, "--request-timeout", str(TIMEOUT)]
    command = [*schemathesis, "run", f"{node.url}/_openapi.json", *options]
    environment = {"PYTHONPATH": str(HERE), "COMPONENT": str(Path(guests, "rust", "string-distance.wasm"))}
    ended = subprocess.run(
        command, cwd=directory, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    client.ended.set()
    client.join()
    wrong = client.wrong[:5]
    if ended.returncode != 0:
        wrong.append(f"schemathesis ended with {ended.returncode}:\n{ended.stdout}")
    if node.process.poll() is not None:
        wrong.append(f"the node ended with {node.process.returncode}:\n{node.log_text()[-5000:]}")
    else:
        wrong += filter(None, [check(node)])
        if node.memory("VmHWM") > MEMORY:
            wrong.append(f"the node took {node.memory('VmHWM')} MiB, more than {MEMORY}")
    if wrong:
        raise SystemExit("schema: " + "\nschema: ".join(wrong))
    cases = next((line.strip() for line in ended.stdout.splitlines() if " generated" in line), "no cases")
    times = sorted(client.times)
    print(
        f"schema: {cases} in {seconds} s with the seed {seed}; the node took at most {node.memory('VmHWM')} MiB; "
        f"{len(times)} right answers beside them, p99 {times[len(times) * 99 // 100] * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
