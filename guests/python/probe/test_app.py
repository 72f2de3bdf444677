"""The fake documents: they are read as the host reads them, which runs the same vectors."""

import json
import unittest
from pathlib import Path

from whittle_guest._exact import parsed
from whittle_guest.testing import Query

import app  # noqa: F401 - it declares the function

_VECTORS = Path(__file__).parents[3] / "tests/vectors/read_kinds.json"


class Reading(unittest.TestCase):
    """Fields of documents."""

    def test_documents_are_read_as_the_host_does(self) -> None:
        cases = parsed(_VECTORS.read_text())["cases"]
        self.assertGreater(len(cases), 500)
        for case in cases:
            with self.subTest(case["name"]):
                found = Query.of("read_kinds", case["params"]).values(case["documents"])
                self.assertEqual([json.loads(value) for value in found], case["values"])
