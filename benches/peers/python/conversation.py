"""The conversation with the runner, as `peer/src/lib.rs` describes it."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Unsupported(Exception):
    """Why the peer does not do a work."""


def measure(call: Callable[[], Any], milliseconds: int) -> dict[str, int]:
    """Calls until the time is over. Looks at the clock after bursts of calls of a millisecond."""
    calls, burst = 0, 1
    start = time.perf_counter_ns()
    while True:
        before = time.perf_counter_ns()
        for _ in range(burst):
            call()
        calls += burst
        now = time.perf_counter_ns()
        if now - start >= milliseconds * 1_000_000:
            return {"calls": calls, "nanoseconds": now - start}
        if now - before < 1_000_000:
            burst *= 2


def serve(prepare: Callable[[dict[str, Any]], Callable[[], Any]]) -> None:
    """Answers the runner until it closes the standard input."""
    call: Callable[[], Any]
    for line in sys.stdin:
        request = json.loads(line)
        if "prepare" in request:
            try:
                call = prepare(json.loads(Path(request["prepare"]).read_text()))
                answer = {"values": call()}
            except Unsupported as reason:
                answer = {"unsupported": str(reason)}
        else:
            answer = measure(call, request["measure"])
        print(json.dumps(answer, default=lambda array: array.tolist()), flush=True)
