"""Tests of the runner itself: a runner that passes everything would go unnoticed."""

import re
import unittest
from email.message import Message

import yaml

import listed
from api import Apis, Request, best_path, serialize
from steps import Answer, Failure, Steps, java_text, same
from suite import Loader, in_range


def answer(body: str, status=200, kind="application/json") -> Answer:
    headers = Message()
    headers["Content-Type"] = kind
    return Answer(status, headers, body.encode())


class Node:
    """A node that has one answer to everything."""

    def __init__(self, answer: Answer):
        self.answer = answer
        self.sent = []

    def send(self, request, headers):
        self.sent.append(request)
        return self.answer


class OneApi(Apis):
    def __init__(self):
        self.common = set()
        paths = [
            {"path": "/_search", "methods": ["GET", "POST"]},
            {"path": "/{index}/_search", "methods": ["GET", "POST"], "parts": {"index": {}}},
        ]
        self.by_name = {"search": {"url": {"paths": paths}, "params": {"size": {}}}}


def run(answer: Answer, *steps: str) -> Node:
    node = Node(answer)
    Steps(node, OneApi()).run([yaml.load(step, Loader) for step in steps])
    return node


class Assertions(unittest.TestCase):
    def passes(self, answer, *steps):
        run(answer, "do: {search: {}}", *steps)

    def fails(self, answer, *steps):
        with self.assertRaises(Failure):
            run(answer, "do: {search: {}}", *steps)

    def test_match_compares_values_and_their_types(self):
        found = answer('{"total": 2.0, "hits": [{"_id": "1", "n": 1}], "a.b": null}')
        self.passes(found, "match: {total: 2}", 'match: {hits.0._id: "1"}', "match: {hits: [{_id: '1', n: 1}]}")
        self.passes(found, r"match: {'a\.b': null}", "match: {hits.0.none: null}", "match: {hits.0._id: '/[0-9]/'}")
        self.fails(found, "match: {hits.0._id: 1}")
        self.fails(found, "match: {hits: [{_id: '1', n: 1.0}]}")
        self.fails(found, "match: {hits: [{_id: '1'}]}")
        self.fails(found, "match: {hits.1._id: '1'}")

    def test_truth_is_that_of_texts(self):
        found = answer('{"zero": 0, "float": 0.0, "no": false, "empty": "", "list": []}')
        self.passes(found, "is_false: zero", "is_false: no", "is_false: empty", "is_false: none")
        self.passes(found, "is_true: float", "is_true: list")
        self.fails(found, "is_true: zero")
        self.fails(found, "is_false: float")

    def test_sizes_and_bounds(self):
        found = answer('{"list": [1, 2], "n": 5, "text": "abc"}')
        self.passes(found, "length: {list: 2}", "length: {text: 3}", "gt: {n: 4}", "lte: {n: 5}", "contains: {list: 2}")
        self.fails(found, "length: {list: 3}")
        self.fails(found, "gte: {n: 6}")
        self.fails(found, "gt: {none: 0}")
        self.fails(found, "contains: {list: 3}")

    def test_values_are_kept_for_later_steps(self):
        found = answer('{"_id": "x", "nodes": {"n1": {"name": "a"}}}')
        node = run(
            found,
            "do: {search: {}}",
            "set: {_id: id, nodes._arbitrary_key_: node}",
            "match: {_id: $id}",
            "match: {nodes.$node.name: a}",
            "do: {search: {index: $id, body: {query: {ids: [$id]}}}}",
        )
        self.assertEqual(str(node.sent[-1]), 'POST /x/_search {"query": {"ids": ["x"]}}')


class Errors(unittest.TestCase):
    refusal = answer('{"error": {"type": "parsing_exception", "reason": "unknown key `query.spans`; expected one of `ip`"}}', 400)

    def test_an_error_is_a_failure_unless_it_is_caught(self):
        with self.assertRaises(Failure) as caught:
            run(self.refusal, "do: {search: {}}")
        self.assertIn("`query.spans`", caught.exception.refusal)
        run(self.refusal, "do: {catch: bad_request, search: {}}")
        run(self.refusal, "do: {catch: /type=parsing_exception/, search: {}}")
        run(self.refusal, "do: {catch: param, search: {none: 1}}")
        for catch in ["missing", "request", "param"]:
            with self.assertRaises(Failure):
                run(self.refusal, f"do: {{catch: {catch}, search: {{}}}}")

    def test_success_is_a_failure_if_an_error_is_expected(self):
        with self.assertRaises(Failure):
            run(answer("{}"), "do: {catch: bad_request, search: {}}")

    def test_an_error_with_other_words_is_told_apart(self):
        with self.assertRaises(Failure) as caught:
            run(self.refusal, "do: {catch: /too many/, search: {}}")
        self.assertTrue(caught.exception.words)

    def test_a_refusal_names_its_feature_and_not_what_could_stand_there(self):
        features = [("ip", re.compile(listed.pattern("ip"))), ("spans", re.compile(listed.pattern("spans")))]
        self.assertEqual(listed.feature(self.refusal.reason(), features), "spans")
        self.assertEqual(listed.feature('`a.type` must be one of `long`, but is "ip"', features), "ip")
        self.assertIsNone(listed.feature("no such index [ships]", features))


class Reading(unittest.TestCase):
    def test_versions(self):
        self.assertTrue(in_range("all"))
        self.assertTrue(in_range(" - 2.99.99"))
        self.assertTrue(in_range("2.0.0 - 2.3.0, 2.19.0 - "))
        # Elasticsearch 7 came before.
        self.assertFalse(in_range(" - 7.99.99"))
        self.assertFalse(in_range("3.0.0 - "))

    def test_yaml_is_what_jackson_reads(self):
        read = yaml.load("{1: yes, at: 2020-01-01, e: 1e3, f: 1.0, n: ~}", Loader)
        self.assertEqual(read, {"1": "yes", "at": "2020-01-01", "e": "1e3", "f": 1.0, "n": None})

    def test_requests(self):
        self.assertEqual(best_path("search", OneApi().by_name["search"]["url"]["paths"], {"index"})["path"], "/{index}/_search")
        self.assertEqual(serialize([{"a": 1}, '{"b": 2}'], True)[0], b'{"a": 1}\n{"b": 2}\n')
        self.assertEqual(serialize('{"a": 1}\n{"b": 2}', True)[0], b'{"a": 1}\n{"b": 2}\n')
        self.assertEqual(str(OneApi().request("search", {"index": ["a", "b/c"], "size": 1}, None)), "GET /a,b%2Fc/_search?size=1")
        self.assertIsInstance(OneApi().request("search", {}, {}), Request)

    def test_texts_as_java_prints_them(self):
        self.assertEqual(java_text({"a": [1, True, None]}), "{a=[1, true, null]}")
        self.assertFalse(same({"a": 1}, {"a": 1.0}))


if __name__ == "__main__":
    unittest.main()
