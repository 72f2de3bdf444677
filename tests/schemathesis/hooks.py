"""What Schemathesis cannot take from the node's description."""

import json
import os
import re
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

# The index that requests must leave alone; `run.py` checks that its documents stay right.
KEPT = "kept"

ACTIONS = st.fixed_dictionaries(
    {},
    optional={
        "_index": st.sampled_from(["films", "notes", "new", "_bad", ""]),
        "_id": st.one_of(st.sampled_from(["1", "2"]), st.text(max_size=5), st.integers(0, 9)),
        "if_seq_no": st.integers(-1, 9),
        "if_primary_term": st.integers(0, 2),
        "require_alias": st.booleans(),
    },
)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20))
DOCUMENTS = st.dictionaries(st.sampled_from(["title", "year", "rating", "a.b", "", "doc", "query", "size"]), VALUES)
SEARCHES = st.sampled_from(
    [{}, {"query": {"match_all": {}}}, {"query": {"match": {"title": "alien"}}}, {"size": -1}, {"aggs": {"a": {"max": {"field": "year"}}}}]
)


@st.composite
def lines(draw):
    """The body of `_bulk` or `_msearch`: lines that are mostly JSON."""
    action = st.sampled_from(["index", "create", "update", "delete", "drop"])
    line = st.one_of(
        st.builds(lambda name, target: {name: target}, action, ACTIONS),
        DOCUMENTS,
        st.builds(lambda document: {"doc": document}, DOCUMENTS),
        st.builds(lambda index: {"index": index}, st.sampled_from(["films", "none", "films*", ["films", "notes"]])),
        SEARCHES,
    )
    texts = [json.dumps(one) for one in draw(st.lists(line, max_size=8))]
    end = draw(st.sampled_from(["\n", "", "\n\n", "\nnull\n", "\n{\n"]))
    return ("\n".join(texts) + end).encode()


schemathesis.openapi.media_type("application/x-ndjson", lines())


@st.composite
def components(draw):
    """The body of an upload: a component, or what is left of one."""
    whole = Path(os.environ["COMPONENT"]).read_bytes()
    end = draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    at, byte = draw(st.integers(0, len(whole) - 1)), draw(st.integers(0, 255))
    return draw(st.sampled_from([whole[:end], whole[:at] + bytes([byte]) + whole[at + 1 :]]))


schemathesis.openapi.media_type("application/wasm", components())


@schemathesis.hook
def filter_case(context, case) -> bool:
    """Leaves the kept index alone."""
    index = str((case.path_parameters or {}).get("index", ""))
    is_kept = "*" in index or "_all" in index or KEPT in index
    return case.method.upper() == "GET" or not is_kept


def rules():
    """The failures that are none: patterns for the operation, the failure and the answer, and the reason."""
    for line in Path(__file__).with_name("allowed.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            *patterns, _reason = line.split("\t")
            yield [re.compile(pattern, re.DOTALL) for pattern in patterns]


RULES = list(rules())


@schemathesis.hook
def filter_failure(context, failure, case, response) -> bool:
    """Drops the failures that `allowed.tsv` explains."""
    # The schemas of answers are those of whole answers.
    if "filter_path" in (case.query or {}) and "schema" in failure.title:
        return False
    texts = [f"{case.method.upper()} {case.path}", failure.title, f"{response.status_code} {response.text}"]
    return not any(all(pattern.search(text) for pattern, text in zip(rule, texts, strict=True)) for rule in RULES)
