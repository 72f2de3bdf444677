"""The test files: YAML documents, each a test, besides `setup` and `teardown`."""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

# The version that the tests were written for.
VERSION = (2, 19, 0)

FEATURES = {
    "allowed_warnings",
    "allowed_warnings_regex",
    "arbitrary_key",
    "catch_unauthorized",
    "contains",
    "default_shards",
    "embedded_stash_key",
    "headers",
    "node_selector",
    "stash_in_key",
    "stash_in_path",
    "transform_and_set",
    "warnings",
    "warnings_regex",
    "yaml",
}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML as Jackson reads it: only `true` and `false` are booleans, dates are strings, and keys
    are always strings."""

    yaml_implicit_resolvers = {}


for tag, pattern, first in [
    ("bool", r"true|false|True|False|TRUE|FALSE", "tfTF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9][0-9_]*\.[0-9]*(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
    ("null", r"null|~|", ["n", "~", ""]),
]:
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(f"^(?:{pattern})$"), list(first))


def mapping(loader, node):
    return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}


Loader.add_constructor("tag:yaml.org,2002:map", mapping)
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


class Test(NamedTuple):
    """A test with the steps of its file's `setup` and `teardown`. `skipped` is the reason if it
    is not for this version or needs a feature that the runner lacks."""

    file: str
    name: str
    setup: list
    steps: list
    teardown: list
    skipped: str | None


def read(root: Path, path: Path) -> list[Test]:
    """The tests of a file."""
    sections = {}
    with open(path, encoding="utf-8") as file:
        for document in yaml.load_all(file, Loader):
            sections |= document or {}
    setup = sections.pop("setup", None) or []
    teardown = sections.pop("teardown", None) or []
    file = str(path.relative_to(root))
    return [
        Test(file, name, setup, steps, teardown, skipped(setup) or skipped(steps))
        for name, steps in sections.items()
    ]


def skipped(steps: list) -> str | None:
    for step in steps:
        skip = step.get("skip", {})
        features = skip.get("features", [])
        for feature in [features] if isinstance(features, str) else features:
            if feature not in FEATURES:
                return f"needs the feature `{feature}`"
        if "version" in skip and in_range(str(skip["version"])):
            return skip.get("reason", "is not for this version")
    return None


def in_range(versions: str) -> bool:
    """Whether the version is in one of the ranges, such as ` - 2.3.99, 3.0.0 - `."""
    if versions.strip() == "all":
        return True
    for one in versions.split(","):
        least, _, greatest = one.partition("-")
        if version(least, (0,)) <= VERSION <= version(greatest, (99,)):
            return True
    return False


def version(written: str, default: tuple) -> tuple:
    numbers = tuple(map(int, re.findall(r"\d+", written)[:3]))
    # Versions of Elasticsearch, up to 7.10, come before all of OpenSearch.
    return (0, *numbers) if numbers and numbers[0] > 3 else numbers or default
