"""Runs test vectors natively: what the functions of a project give, without building a component.

    python3 -m whittle_guest.vectors PROJECT < PROJECT/vectors.json

Prints an empty line when the project is loaded, and then one JSON object for each case, as `whittle
dev` reads them: `values` and `errors` of the documents, or the `error` that ended the case; `logs`;
or why it was `skipped`. Whether that is what was expected is not decided here.
"""

import contextlib
import importlib
import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from whittle_guest import _errors
from whittle_guest._exact import Written, parsed, written
from whittle_guest._values import Json
from whittle_guest.testing import ArgumentError, BrokenContractError, Document, Failure, Query


def main() -> None:
    """Run the vectors on standard input for the project in the directory that is named."""
    sys.path.insert(0, str(Path(sys.argv[1])))
    with contextlib.redirect_stdout(sys.stderr):
        _load()
    _write("")
    for case in _cases(parsed(sys.stdin.read())):
        _write(written(_run(case)))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class _TimeoutError(BaseException):
    """The time limit is over. Authors who catch `Exception` do not catch it."""


@contextlib.contextmanager
def _limit(variable: str) -> Iterator[None]:
    """Raise a `_TimeoutError` after the milliseconds that an environment variable has, if any."""
    limit = int(os.environ.get(variable, "0"))

    def stop(_signal: int, frame: FrameType | None) -> None:
        while frame and frame.f_code.co_filename.startswith(_OURS):
            frame = frame.f_back
        place = f" at {Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else ""
        raise _TimeoutError(f"the time limit of {limit} ms is over{place}")

    if not limit or not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit / 1000)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


_OURS = ("<frozen ", importlib.__file__, str(Path(__file__).parent))
"""How the paths of frames begin that are not the author's."""


def _load() -> None:
    """Import the project; a mistake in it ends the program, with the project's own frames."""
    try:
        with _limit("WHITTLE_LOADING_MS"):
            importlib.import_module("app")
    except _TimeoutError as error:
        sys.exit(f"loading `app`: {error}")
    except Exception as error:  # noqa: BLE001 - whatever the project raises
        told = traceback.TracebackException.from_exception(error)
        frames = [frame for frame in told.stack if not frame.filename.startswith(_OURS)]
        told.stack = traceback.StackSummary.from_list(frames)
        sys.exit("".join(told.format()).rstrip())


def _cases(vectors: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    for suite in vectors if isinstance(vectors, list) else [vectors]:
        shared = {key: suite[key] for key in ("function", "mapping") if key in suite}
        yield from ({**shared, **case} for case in suite["cases"])


_UNMAPPED = {"enabled": False}
"""The one mapping that is known here: no field has a type."""


def _run(case: dict[str, Any]) -> dict[str, Any]:
    mapping = case.get("mapping")
    if mapping not in (None, _UNMAPPED):
        return {"skipped": "the case has a mapping, which only the host reads documents with"}
    name = case["function"]
    query = None
    try:
        with _limit("WHITTLE_TIMEOUT_MS"):
            query = Query.of(name, _expanded(case.get("params", {})))
            documents = [_document(_expanded(document)) for document in case["documents"]]
            found = query.values(documents, mapped=mapping is None)
    except ArgumentError as error:
        return {"error": str(error), "logs": []}
    except (BrokenContractError, _TimeoutError) as error:
        return {"error": f"function `{name}` was stopped: {error}", "logs": []}
    except Exception as error:  # noqa: BLE001 - it is the result of the case
        blamed = isinstance(error, _errors.InvalidArgumentError)
        verb = "refused its arguments" if blamed else "failed in `prepare`"
        words = f'function `{name}` {verb}: "{_line(_errors.message(error))}"'
        return {"error": words, "logs": query.log if query else []}
    failed = ((at, value) for at, value in enumerate(found) if isinstance(value, Failure))
    errors = {at: _line(value.message) for at, value in failed}
    if "values" not in case and errors:
        at, message = next(iter(errors.items()))
        document = documents[at].id or str(at)
        words = f'function `{name}` failed for document `{document}`: "{message}"'
        return {"error": words, "logs": query.log}
    values = [None if at in errors else _json(value) for at, value in enumerate(found)]
    told = {str(at): message for at, message in errors.items()}
    return {"values": values, "errors": told, "logs": query.log}


def _line(message: str) -> str:
    """Make a message one line, as the host does."""
    return message.translate({ord(space): " " for space in "\n\r\t"})


def _document(sample: dict[str, Any]) -> Document:
    source = sample.get("_source")
    if not isinstance(source, dict) or not sample.keys() <= {"_id", "_score", "_source"}:
        return Document(sample)
    given, score = sample.get("_id"), sample.get("_score")
    return Document(
        source,
        id=None if given is None else str(given),
        score=1.0 if score is None else score,
    )


def _json(value: object) -> object:
    if isinstance(value, Json):
        # Of a key that comes twice in a result, the last counts.
        return json.loads(value, parse_float=Written.of)
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _expanded(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Write out the strings that are written as a repetition."""
    if isinstance(value, list):
        return [_expanded(inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    text, times = value.get("repeat"), value.get("times")
    if len(value) == 2 and isinstance(text, str) and isinstance(times, int):  # noqa: PLR2004
        return text * times
    return {key: _expanded(inner) for key, inner in value.items()}


if __name__ == "__main__":
    main()
