"""The list of tests that do not pass, each with a kind and a reason.

`refused`: the node answers a request of the test with a status from 400 to 499 and names a feature that
it does not have. The reason is the feature, a row of `features.tsv`; the refusal must be about one of
its words. `differs`: an answer differs on purpose. The reason is a row of `differences.tsv`, with the
tests' file and the path of what differs. `words`: an error comes as expected, with another text.
`wrong`: any other answer, which is a bug.
"""

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
LIST = HERE / "listed.tsv"
KINDS = ["refused", "differs", "words", "wrong"]
# What a refusal is about: what it quotes first, or what it found in place of what it can take. What
# could stand there is quoted as well, and is not meant.
SUBJECTS = re.compile(
    r"""^(\w+)(?::| is not supported)|"""
    r"""(?:^[^`"'\[]*|\b(?:but is|but was|but found|found|got|unknown \w+|no column|unrecognized parameters?:|the field) \\?)"""
    r"""(?:`([^`]+)`|["']([^"'\\]+)\\?["']|\[([^\]]+)\])"""
)
HEAD = """\
# Tests of rest-api-spec that do not pass, with kind and reason; what these mean is written in listed.py.
# The list only shrinks: `scripts/test-rest WHITTLE TOOLCHAINS --update` removes tests that pass.
"""


class Entry(NamedTuple):
    kind: str
    reason: str


def rows(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def features() -> list[tuple[str, re.Pattern]]:
    """The features that the node refuses, each with the pattern of what its refusals are about."""
    return [(name, re.compile("|".join(map(pattern, words.split())))) for name, words in rows(HERE / "features.tsv")]


def pattern(word: str) -> str:
    """The pattern of a word that is all of a subject, or its end; or that is a part of an address."""
    if "/" in word:
        return re.escape(word)
    return r"(?:^|\.)" + re.escape(word).replace(r"\*", ".*") + "$"


def differences() -> list[tuple[str, re.Pattern]]:
    """The answers that differ on purpose, each with the pattern of their tests' file and their path."""
    found = rows(HERE / "differences.tsv")
    return [(name, re.compile(re.escape(f"{file}: {path}").replace(r"\*", ".*"))) for name, file, path in found]


def feature(refusal: str, features: list) -> str | None:
    """The feature that a refusal names."""
    subjects = [one[one.lastindex] for one in SUBJECTS.finditer(refusal)]
    return next((name for name, pattern in features if any(map(pattern.search, subjects))), None)


def excluded() -> dict[str, str]:
    """The directories whose API the node does not have, with the reason."""
    return dict(rows(HERE / "excluded.tsv"))


def read() -> dict[tuple[str, str], Entry]:
    if not LIST.exists():
        return {}
    return {(file, test): Entry(kind, reason) for file, test, kind, reason in rows(LIST)}


def write(entries: dict[tuple[str, str], Entry]):
    lines = ["\t".join([*key, *entry]) + "\n" for key, entry in sorted(entries.items())]
    kinds = [entry.kind for entry in entries.values()]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in KINDS)
    head = f"{HEAD}# {len(entries)} tests: {counts}.\n"
    LIST.write_text(head + "".join(lines), encoding="utf-8")
