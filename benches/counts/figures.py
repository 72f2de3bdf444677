"""Compares the instructions that a run has counted with the committed figures, or renews those.

    figures.py compare|renew FIGURES LOCK LOCK < SUMMARIES

SUMMARIES are gungraun's, one JSON object a line. FIGURES is a JSON object of instructions by case. The
two lock files are the harness's and the workspace's: what is counted must be what is shipped.
"""

import json
import re
import sys

# How many percent more are a regression. Fewer instructions are a reason to renew the figures.
TOLERANCE = 3


def counted(lines):
    """The instructions of each case."""
    figures = {}
    for line in lines:
        summary = json.loads(line)
        total = summary["profiles"][0]["data"]["total"]
        case = f"{summary['function_name']}/{summary['id']}"
        figures[case] = total["metrics"]["Ir"]["values"]["new"]
    return figures


def compared(now, committed):
    """A line for each case, and what is wrong."""
    lines, faults = [], []
    for case in sorted(now.keys() | committed.keys()):
        if case not in now or case not in committed:
            where = "not counted" if case in committed else "not committed"
            faults.append(f"{case}: {where}: `make counts-renew` writes the figures anew")
            continue
        ratio = now[case] / committed[case] - 1
        lines.append(
            f"{case:<24}{now[case]:>12,} instructions, {committed[case]:>12,} committed: {ratio:+.1%}"
        )
        if now[case] * 100 > committed[case] * (100 + TOLERANCE):
            faults.append(
                f"{case}: {now[case]:,} instructions are {ratio:.1%} more than the committed"
                f" {committed[case]:,}: make it faster, or `make counts-renew` and say why"
            )
    return lines, faults


def versions(lock):
    """The versions of each package in a lock file."""
    found = {}
    for name, version in re.findall(r'^name = "(.+)"\nversion = "(.+)"$', lock, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def drifted(harness, workspace):
    """The packages that the two lock files have in other versions."""
    return [
        f"{name}: benches/counts/Cargo.lock has {', '.join(sorted(versions - workspace[name]))}, and"
        f" Cargo.lock has {', '.join(sorted(workspace[name]))}: `cargo update` it there"
        for name, versions in sorted(harness.items())
        if name in workspace and not versions <= workspace[name]
    ]


def main():
    what, path, *locks = sys.argv[1:]
    faults = drifted(*(versions(open(lock).read()) for lock in locks))
    now = counted(sys.stdin)
    if what == "renew":
        with open(path, "w") as file:
            json.dump(now, file, indent=2, sort_keys=True)
            file.write("\n")
        lines = [f"{case:<24}{count:>12,} instructions" for case, count in sorted(now.items())]
    else:
        with open(path) as file:
            lines, slower = compared(now, json.load(file))
        faults += slower
    print("\n".join(lines))
    sys.exit("\n".join(f"counts: {fault}" for fault in faults) or None)


if __name__ == "__main__":
    main()
