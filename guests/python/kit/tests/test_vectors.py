"""Test vectors that are run natively, as `whittle dev` does."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

_KIT = Path(__file__).parents[1]

_APP = '''
from whittle_guest import Field, InvalidArgumentError, document, log, parameter, udf

print("loading")

@udf
class Length:
    """The length of a text, and the score."""

    field: Field[str] = parameter("A field.")
    most: int = parameter("The most.", default=9)

    def prepare(self) -> None:
        if self.most < 0:
            raise InvalidArgumentError("parameter `most`\\nis negative")

    def score(self) -> float | None:
        text = self.field.get()
        if text is None:
            return None
        if len(text) > self.most:
            log.warn(document.id())
            raise ValueError("too\\nlong")
        return len(text) * document.score()
'''

_CASES = [
    {"documents": [{"a": "xyz"}, {}], "values": [3, None]},
    {
        "documents": [{"_id": "b", "_score": 2, "_source": {"a": "xy"}}, {"a": "x" * 10}],
        "values": [4, None],
        "mapping": {"enabled": False},
    },
    {"documents": [{"a": {"repeat": "x", "times": 20}}]},
    {"params": {"field": "a", "most": -1}, "documents": []},
    {"params": {"fields": "a"}, "documents": []},
    {"documents": [], "values": [], "mapping": {"properties": {}}},
]

_EXPECTED = [
    {"values": [3.0, None], "errors": {}, "logs": []},
    {"values": [4.0, None], "errors": {"1": "too long"}, "logs": ["warn: 1"]},
    {"error": 'function `length` failed for document `0`: "too long"', "logs": ["warn: 0"]},
    {
        "error": 'function `length` refused its arguments: "parameter `most` is negative"',
        "logs": [],
    },
    {
        "error": "function `length`: unknown parameter `fields`: did you mean `field`?",
        "logs": [],
    },
    {"skipped": "the case has a mapping, which only the host reads documents with"},
]


def run(app: str, vectors: object, **limits: str) -> "subprocess.CompletedProcess[str]":
    """Run vectors for a project of one module."""
    with tempfile.TemporaryDirectory() as project:
        (Path(project) / "app.py").write_text(app)
        return subprocess.run(  # noqa: S603 - of this test alone
            [sys.executable, "-B", "-m", "whittle_guest.vectors", project],
            env={**os.environ, "PYTHONPATH": str(_KIT), **limits},
            input=json.dumps(vectors),
            capture_output=True,
            text=True,
            check=False,
        )


class Vectors(unittest.TestCase):
    """What is printed for each case."""

    def test_a_line_has_the_results_of_a_case(self) -> None:
        cases = [{"params": {"field": "a"}, **case} for case in _CASES]
        ran = run(_APP, [{"function": "length", "cases": cases}])
        self.assertEqual((ran.returncode, ran.stderr), (0, "loading\n"))
        loaded, *lines = ran.stdout.splitlines()
        self.assertEqual(loaded, "")
        self.assertEqual([json.loads(line) for line in lines], _EXPECTED)

    def test_a_mistake_in_the_project_is_told_with_its_own_lines(self) -> None:
        ran = run("import json\n\njson.loads('{')\n", [])
        self.assertEqual((ran.returncode, ran.stdout), (1, ""))
        self.assertIn("app.py", ran.stderr)
        self.assertIn("json.loads('{')", ran.stderr)
        self.assertNotIn("importlib", ran.stderr)
        self.assertNotIn("whittle_guest", ran.stderr)

    def test_a_case_that_does_not_end_is_stopped_and_the_next_runs(self) -> None:
        app = _APP.replace("return None", "while True:\n                pass")
        cases = [{"documents": [{}], "values": [None]}, {"documents": [], "values": []}]
        suite = {"function": "length", "cases": [{"params": {"field": "a"}, **c} for c in cases]}
        ran = run(app, suite, WHITTLE_TIMEOUT_MS="300")
        _, stopped, ended = ran.stdout.splitlines()
        words = "function `length` was stopped: the time limit of 300 ms is over at app.py:20"
        self.assertEqual(json.loads(stopped), {"error": words, "logs": []})
        self.assertEqual(json.loads(ended), {"values": [], "errors": {}, "logs": []})

    def test_a_module_that_does_not_end_is_stopped(self) -> None:
        ran = run("import json\nwhile True:\n    json.loads('1')\n", [], WHITTLE_LOADING_MS="300")
        self.assertEqual((ran.returncode, ran.stdout), (1, ""))
        words = "loading `app`: the time limit of 300 ms is over at "
        self.assertRegex(ran.stderr, words + r"(app|decoder|__init__).py:\d+\n")
