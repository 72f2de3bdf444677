"""Runs OpenSearch's own REST tests against a node, and compares what fails with a checked-in list.

The run fails if a test fails that is not listed, fails in another way than listed, or is listed and
passes. `--update` rewrites the list, without tests that were not in it; `--add` with them.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import listed
import suite
from api import Apis
from listed import Entry
from node import Broken, Node
from steps import Failure, Steps

# How many characters of a failure stand in the list.
REASON = 160


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("whittle", type=Path, help="the command")
    options.add_argument("spec", type=Path, help="the directory `rest-api-spec`, with `api` and `test`")
    options.add_argument("files", nargs="*", help="only tests of files whose path begins so")
    options.add_argument("--update", action="store_true", help="rewrite the list")
    options.add_argument("--add", action="store_true", help="with --update: also add tests to the list")
    options.add_argument("--show", action="store_true", help="print how each test fails, also listed ones")
    options = options.parse_args()

    started = time.monotonic()
    apis = Apis(options.spec / "api")
    excluded = listed.excluded()
    tests = [
        test
        for path in sorted((options.spec / "test").glob("**/*.yml"))
        for test in suite.read(options.spec / "test", path)
        if test.file.startswith(tuple(options.files) or "")
    ]
    wanted = [test for test in tests if test.file.split("/")[0] not in excluded]
    skipped = [test for test in wanted if test.skipped]
    wanted = [test for test in wanted if not test.skipped]

    node = Node(options.whittle)
    complaints = check_excluded(node, apis, excluded)
    features, differences = listed.features(), listed.differences()
    entries = {}
    for test in wanted:
        failure = run(node, apis, test)
        if failure is not None:
            entry = classify(test, failure, features, differences)
            entries[test.file, test.name] = entry
            if options.show:
                print(f"{test.file}: {test.name}: {entry.kind}: {entry.reason}\n    {failure}")
    status = node.stop()
    if status != 0:
        complaints.append(f"the node ended with status {status}")

    known = listed.read()
    if options.update:
        known = updated(known, entries, wanted, options.add)
        listed.write(known)
    complaints += compare(known, entries, wanted)
    for complaint in complaints:
        print("rest:", complaint, file=sys.stderr)
    summarize(entries, known, tests, skipped, wanted, time.monotonic() - started)
    print(f"{len(wanted) - len(entries)} passed, {len(complaints)} failed")
    return 1 if complaints else 0


def run(node: Node, apis: Apis, test: suite.Test) -> Failure | None:
    """Runs a test on an empty node; returns how it failed."""
    node.empty()
    steps = Steps(node, apis)
    failure = None
    for part in [test.setup + test.steps, test.teardown]:
        try:
            steps.run(part)
        except Failure as error:
            failure = failure or error
        except Broken as error:
            failure = failure or Failure(str(error))
    return failure


def classify(test: suite.Test, failure: Failure, features: list, differences: list) -> Entry:
    """The entry of a list for a failure."""
    if failure.refusal is not None:
        name = listed.feature(failure.refusal, features)
        if name is not None:
            return Entry("refused", name)
    for name, pattern in differences:
        if pattern.fullmatch(f"{test.file}: {failure.path}"):
            return Entry("differs", name)
    kind = "words" if failure.words else "wrong"
    return Entry(kind, " ".join(str(failure).split())[:REASON])


def agree(one: Entry, other: Entry) -> bool:
    return one.kind == other.kind and (one.kind not in ("refused", "differs") or one.reason == other.reason)


def updated(known: dict, entries: dict, wanted: list, add: bool) -> dict:
    """The list without tests that pass, and with the ways in which the others fail now."""
    ran = {(test.file, test.name) for test in wanted}
    kept = {key: entry for key, entry in known.items() if key not in ran}
    for key, entry in entries.items():
        if key in known or add:
            kept[key] = entry
    return kept


def compare(known: dict, entries: dict, wanted: list) -> list[str]:
    complaints = []
    for test in wanted:
        key = test.file, test.name
        name = f"{test.file}: {test.name}"
        entry, before = entries.get(key), known.get(key)
        if entry is None and before is not None:
            complaints.append(f"{name}: passes: remove it from the list with --update")
        elif entry is not None and before is None:
            complaints.append(f"{name}: {entry.kind}: {entry.reason}")
        elif entry is not None and not agree(entry, before):
            complaints.append(
                f"{name}: is listed as {before.kind} ({before.reason}), but is {entry.kind} ({entry.reason})"
            )
    return complaints


def check_excluded(node: Node, apis: Apis, excluded: dict) -> list[str]:
    """Complains of a directory that is excluded though the node has a route of the API of that name: it
    answers, or has looked for the index `x`."""
    complaints = []
    for directory in excluded.keys() & apis.by_name.keys():
        for request in apis.probes(directory):
            answer = node.send(request)
            if answer.status < 400 or answer.reason().startswith("no such index [x]"):
                complaints.append(f"{directory}: is excluded, but {request.method} {request.target} is a route")
    return complaints


def summarize(entries, known, tests, skipped, wanted, seconds):
    kinds = Counter(entry.kind for entry in entries.values())
    reasons = Counter(entry for entry in entries.values() if entry.kind in ("refused", "differs"))
    for (kind, reason), count in reasons.most_common():
        print(f"{count:5} {kind}: {reason}")
    print(
        f"{len(tests)} tests in {seconds:.0f} s: {len(tests) - len(wanted) - len(skipped)} of APIs that the node lacks, "
        f"{len(skipped)} skipped, {', '.join(f'{kinds[kind]} {kind}' for kind in listed.KINDS)}; {len(known)} listed"
    )


if __name__ == "__main__":
    sys.exit(main())
