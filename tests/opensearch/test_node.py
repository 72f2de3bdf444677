"""The official Python client, with compressed bodies, against `whittle serve`: films and flights in,
searches out, errors as its own.

Environment: WHITTLE, the command; GUESTS, the built components; DATA, the folder
of the data sets.
"""

import atexit
import json
import os
import signal
import subprocess
import tempfile
import unittest

from opensearchpy import OpenSearch, helpers
from opensearchpy.exceptions import ConflictError, NotFoundError, RequestError, TransportError

GUESTS = os.environ["GUESTS"]


def data(name):
    with open(os.path.join(os.environ["DATA"], name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def films():
    """The films, without values that are no text where the others have texts."""
    loaded = data("movies")
    for film in loaded:
        if not isinstance(film["Title"], str):
            film["Title"] = None if film["Title"] is None else str(film["Title"])
    return loaded


def component(name):
    with open(os.path.join(GUESTS, "rust", name + ".wasm"), "rb") as file:
        return file.read()


class Node:
    """A node in a folder of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.start()

    def start(self):
        command = [os.environ["WHITTLE"], "serve", "--data", self.folder.name, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # Should a test end without stopping it.
        atexit.register(self.process.kill)
        line = self.process.stdout.readline()
        self.client = OpenSearch(hosts=[line.split()[-1]], timeout=60, http_compress=True)

    def stop(self, how=signal.SIGTERM):
        self.client.close()
        self.process.send_signal(how)
        self.process.wait(timeout=60)
        self.process.stdout.close()


class Films(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.client = cls.node.client
        cls.films = films()
        actions = ({"_index": "films", "_id": str(number), "_source": film} for number, film in enumerate(cls.films))
        written, errors = helpers.bulk(cls.client, actions, refresh=True)
        assert (written, errors) == (len(cls.films), [])
        for name in ["string-distance", "custom-score", "business-days"]:
            cls.client.transport.perform_request("PUT", "/_udf", body=component(name))

    @classmethod
    def tearDownClass(cls):
        cls.node.stop()
        assert cls.node.process.returncode == 0, cls.node.process.returncode
        cls.node.folder.cleanup()

    def search(self, query, **more):
        return self.client.search(index="films", body={"query": query, **more})

    def ids(self, query):
        """The ids of all hits, and their total."""
        answer = self.search(query, size=10_000, sort=["_doc"], _source=False)
        found = {int(hit["_id"]) for hit in answer["hits"]["hits"]}
        self.assertEqual(answer["hits"]["total"], {"value": len(found), "relation": "eq"})
        return found

    def expected(self, condition):
        return {number for number, film in enumerate(self.films) if condition(film)}

    def test_clauses_find_what_they_say(self):
        def rating(film):
            return film["IMDB Rating"]

        def genre(film):
            return film["Major Genre"]

        good = {"range": {"IMDB Rating": {"gte": 8.5}}}
        drama = {"term": {"Major Genre.keyword": "Drama"}}
        cases = [
            ({"match_all": {}}, lambda film: True),
            ({"match_none": {}}, lambda film: False),
            (good, lambda film: rating(film) is not None and rating(film) >= 8.5),
            (drama, lambda film: genre(film) == "Drama"),
            ({"terms": {"Major Genre.keyword": ["Drama", "Horror"]}}, lambda film: genre(film) in ("Drama", "Horror")),
            ({"exists": {"field": "Director"}}, lambda film: film["Director"] is not None),
            ({"ids": {"values": ["0", "7", "none"]}}, lambda film: film is self.films[0] or film is self.films[7]),
            (
                {"prefix": {"Title.keyword": "Star"}},
                lambda film: film["Title"] is not None and film["Title"].startswith("Star"),
            ),
            (
                {"wildcard": {"Title.keyword": "*Wars*"}},
                lambda film: film["Title"] is not None and "Wars" in film["Title"],
            ),
            (
                {"regexp": {"Title.keyword": "Star.*[0-9]"}},
                lambda film: film["Title"] is not None and film["Title"].startswith("Star") and film["Title"][-1].isdigit(),
            ),
            (
                {"bool": {"must": [drama], "must_not": [good]}},
                lambda film: genre(film) == "Drama" and not (rating(film) is not None and rating(film) >= 8.5),
            ),
            (
                {"bool": {"should": [drama, good], "minimum_should_match": 2}},
                lambda film: genre(film) == "Drama" and rating(film) is not None and rating(film) >= 8.5,
            ),
            ({"constant_score": {"filter": drama}}, lambda film: genre(film) == "Drama"),
            ({"dis_max": {"queries": [drama, drama]}}, lambda film: genre(film) == "Drama"),
            (
                {"fuzzy": {"Title.keyword": {"value": "Titanik", "fuzziness": 1}}},
                lambda film: film["Title"] == "Titanic",
            ),
            ({"boosting": {"positive": drama, "negative": good, "negative_boost": 0.5}}, lambda film: genre(film) == "Drama"),
            (
                {"expression_score": {"expression": "\"IMDB Rating\" * 2", "query": drama}},
                lambda film: genre(film) == "Drama",
            ),
            (
                {"match_phrase_prefix": {"Title": "return of the k"}},
                lambda film: film["Title"] is not None and "return of the k" in film["Title"].lower(),
            ),
            (
                {"expression": "\"IMDB Rating\" * 2 > 17 and \"Major Genre\" is not null"},
                lambda film: rating(film) is not None and rating(film) * 2 > 17 and genre(film) is not None,
            ),
        ]
        for query, condition in cases:
            with self.subTest(query=query):
                self.assertEqual(self.ids(query), self.expected(condition))

    def test_words_are_found_best_first(self):
        answer = self.search({"match": {"Title": {"query": "star wars", "operator": "and"}}})
        titles = [hit["_source"]["Title"] for hit in answer["hits"]["hits"]]
        self.assertTrue(titles and all("Star Wars" in title for title in titles), titles)
        scores = [hit["_score"] for hit in answer["hits"]["hits"]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        phrase = self.search({"match_phrase": {"Title": "return of the king"}})
        self.assertEqual(phrase["hits"]["total"]["value"], 1)
        fuzzy = self.search({"match": {"Title": {"query": "matirx", "fuzziness": "AUTO"}}})
        self.assertIn("The Matrix", [hit["_source"]["Title"] for hit in fuzzy["hits"]["hits"]])
        several = self.search({"multi_match": {"query": "spielberg", "fields": ["Title", "Director"]}})
        self.assertGreater(several["hits"]["total"]["value"], 10)

    def test_pages_follow_each_other(self):
        query = {"range": {"IMDB Rating": {"gte": 7}}}
        sort = [{"IMDB Rating": "desc"}, "_doc"]
        all_of_them = self.search(query, sort=sort, size=1000)["hits"]["hits"]
        found, after = [], None
        while True:
            more = {"search_after": after} if after else {}
            page = self.search(query, sort=sort, size=97, **more)["hits"]["hits"]
            if not page:
                break
            after = page[-1]["sort"]
            found += [hit["_id"] for hit in page]
        self.assertEqual(found, [hit["_id"] for hit in all_of_them])
        by_from = self.search(query, sort=sort, size=50, **{"from": 50})["hits"]["hits"]
        self.assertEqual([hit["_id"] for hit in by_from], found[50:100])

    def test_a_udf_stands_anywhere(self):
        udf = {"wasm_udf": {"function": "string_distance", "params": {"field": "Title", "target": "Titanik", "max_distance": 2}}}
        answer = self.search({"bool": {"filter": [udf, {"exists": {"field": "Director"}}]}}, profile=True)
        self.assertGreater(answer["hits"]["total"]["value"], 0)
        directed = len(self.expected(lambda film: film["Director"] is not None))
        self.assertEqual(answer["udf"][0]["documents"], directed)
        self.assertIn("query.bool.filter[0].wasm_udf", [clause["path"] for clause in answer["profile"]["clauses"]])
        scored = {"wasm_udf": {"function": "custom_score", "params": {"price_field": "US Gross", "rating_field": "IMDB Rating", "popularity_field": "IMDB Votes"}}}
        best = self.search(scored, size=3, fields={"half": {"expression": "\"IMDB Rating\" / 2"}})
        scores = [hit["_score"] for hit in best["hits"]["hits"]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        first = best["hits"]["hits"][0]
        self.assertAlmostEqual(first["fields"]["half"][0], first["_source"]["IMDB Rating"] / 2)
        ordered = self.search({"match_all": {}}, sort=[{"wasm_udf": {**scored["wasm_udf"], "order": "desc"}}], size=3)
        self.assertEqual([hit["_id"] for hit in ordered["hits"]["hits"]], [hit["_id"] for hit in best["hits"]["hits"]])
        self.assertEqual(self.client.count(index="films", body={"query": udf})["count"], self.search(udf)["hits"]["total"]["value"])

    def test_the_first_hits_get_new_scores(self):
        query = {"term": {"Major Genre.keyword": "Drama"}}
        formula = {"expression": "\"IMDB Rating\""}
        answer = self.search(query, size=20, rescore={"window_size": 20, **formula})["hits"]["hits"]
        first = self.search(query, size=20)["hits"]["hits"]
        self.assertEqual({hit["_id"] for hit in answer}, {hit["_id"] for hit in first})
        ratings = [hit["_source"]["IMDB Rating"] or 0 for hit in answer]
        self.assertEqual(ratings, sorted(ratings, reverse=True))

    def test_hits_are_counted(self):
        genres = {"terms": {"field": "Major Genre.keyword", "size": 100}, "aggs": {"mean": {"avg": {"field": "IMDB Rating"}}}}
        half = {"max": {"expression": "\"IMDB Rating\" / 2"}}
        answer = self.search({"match_all": {}}, size=0, aggs={"genres": genres, "half": half})["aggregations"]
        for bucket in answer["genres"]["buckets"]:
            of_genre = [film for film in self.films if film["Major Genre"] == bucket["key"]]
            self.assertEqual(bucket["doc_count"], len(of_genre))
            ratings = [film["IMDB Rating"] for film in of_genre if film["IMDB Rating"] is not None]
            self.assertAlmostEqual(bucket["mean"]["value"], sum(ratings) / len(ratings))
        self.assertEqual(len(answer["genres"]["buckets"]), len({film["Major Genre"] for film in self.films} - {None}))
        self.assertEqual(answer["half"]["value"], max(film["IMDB Rating"] or 0 for film in self.films) / 2)

    def test_errors_are_the_clients_own(self):
        with self.assertRaises(NotFoundError) as caught:
            self.client.search(index="none", body={})
        self.assertEqual(caught.exception.error, "index_not_found_exception")
        with self.assertRaises(NotFoundError):
            self.client.get(index="films", id="none")
        with self.assertRaises(RequestError) as caught:
            self.search({"wasm_udf": {"function": "string_distanse"}})
        self.assertIn("did you mean `string_distance`?", caught.exception.info["error"]["reason"])
        with self.assertRaises(RequestError) as caught:
            self.search({"expression": "\"IMDB Rating\" >"})
        self.assertIn("expression, column 16", caught.exception.info["error"]["reason"])
        with self.assertRaises(ConflictError):
            self.client.create(index="films", id="0", body={})
        with self.assertRaises(RequestError):
            self.client.index(index="films", id="bad", body={"IMDB Rating": "very good"})
        with self.assertRaises(RequestError) as caught:
            self.client.indices.create(index="films")
        self.assertEqual(caught.exception.error, "resource_already_exists_exception")
        with self.assertRaises(TransportError) as caught:
            self.client.transport.perform_request("PUT", "/_udf", body=b"no component")
        self.assertEqual(caught.exception.status_code, 422)
        with self.assertRaises(TransportError) as caught:
            self.search({"expression": "\"IMDB Rating\" > 0"}, timeout="0ms")
        self.assertEqual(caught.exception.status_code, 400)
        with self.assertRaises(helpers.BulkIndexError) as caught:
            helpers.bulk(self.client, [{"_op_type": "create", "_index": "films", "_id": "0", "_source": {}}])
        self.assertEqual(caught.exception.errors[0]["create"]["status"], 409)

    def test_the_index_is_described(self):
        self.assertTrue(self.client.indices.exists(index="films"))
        self.assertFalse(self.client.indices.exists(index="none"))
        mapping = self.client.indices.get_mapping(index="films")["films"]["mappings"]
        self.assertEqual(mapping["properties"]["IMDB Rating"], {"type": "double"})
        row = self.client.cat.indices(format="json")[0]
        self.assertEqual((row["index"], row["docs.count"]), ("films", str(len(self.films))))
        stats = self.client.indices.stats(index="films")
        self.assertEqual(stats["indices"]["films"]["total"]["docs"]["count"], len(self.films))
        self.assertEqual(self.client.info()["version"]["distribution"], "opensearch")
        self.assertEqual(self.client.cluster.health()["status"], "green")


class Flights(unittest.TestCase):
    """200,000 documents, in bulk requests of 5,000."""

    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.client = cls.node.client
        cls.flights = data("flights-200k")
        assert len(cls.flights) == 200_000
        actions = ({"_index": "flights", "_id": str(number), "_source": flight} for number, flight in enumerate(cls.flights))
        written, errors = helpers.bulk(cls.client, actions, chunk_size=5_000)
        assert (written, errors) == (len(cls.flights), [])
        cls.client.indices.refresh(index="flights")
        cls.client.transport.perform_request("PUT", "/_udf", body=component("custom-score"))

    @classmethod
    def tearDownClass(cls):
        cls.node.stop()
        assert cls.node.process.returncode == 0, cls.node.process.returncode
        cls.node.folder.cleanup()

    def search(self, **body):
        return self.client.search(index="flights", body=body)

    def total(self, query):
        total = self.search(query=query, size=0)["hits"]["total"]["value"]
        self.assertEqual(self.client.count(index="flights", body={"query": query})["count"], total)
        return total

    def test_totals_are_those_of_the_data(self):
        late = {"range": {"delay": {"gt": 60}}}
        early = {"range": {"time": {"lt": 6.5}}}
        for query, condition in [
            ({"match_all": {}}, lambda flight: True),
            (late, lambda flight: flight["delay"] > 60),
            ({"bool": {"filter": [late], "must_not": [early]}}, lambda flight: flight["delay"] > 60 and flight["time"] >= 6.5),
            ({"expression": "delay * 10 > distance and time between 8 and 9"}, lambda flight: flight["delay"] * 10 > flight["distance"] and 8 <= flight["time"] <= 9),
            ({"terms": {"distance": [1452, 491]}}, lambda flight: flight["distance"] in (1452, 491)),
        ]:
            with self.subTest(query=query):
                self.assertEqual(self.total(query), sum(map(condition, self.flights)))

    def test_a_udf_scores_all_of_them(self):
        params = {"price_field": "distance", "rating_field": "delay", "popularity_field": "time"}
        params |= {"price_weight": 0.5, "rating_weight": 2, "popularity_weight": 0}
        answer = self.search(query={"wasm_udf": {"function": "custom_score", "params": params}}, size=20)
        self.assertEqual(answer["udf"][0]["documents"], len(self.flights))
        best = sorted((flight["distance"] * 0.5 + flight["delay"] * 2 for flight in self.flights), reverse=True)
        self.assertEqual([hit["_score"] for hit in answer["hits"]["hits"]], best[:20])

    def test_aggregations_count_all_of_them(self):
        udf = {"wasm_udf": {"function": "custom_score", "params": {"price_field": "distance", "price_weight": 1, "rating_weight": 0, "popularity_weight": 0}}}
        answer = self.search(size=0, aggs={
            "delay": {"stats": {"field": "delay"}},
            "hours": {"histogram": {"field": "time", "interval": 1}},
            "far": {"max": udf},
        })["aggregations"]
        delays = [flight["delay"] for flight in self.flights]
        self.assertEqual((answer["delay"]["count"], answer["delay"]["min"], answer["delay"]["max"]), (len(delays), min(delays), max(delays)))
        self.assertAlmostEqual(answer["delay"]["avg"], sum(delays) / len(delays))
        hours = {bucket["key"]: bucket["doc_count"] for bucket in answer["hours"]["buckets"]}
        for hour in range(24):
            self.assertEqual(hours.get(hour, 0), sum(int(flight["time"]) == hour for flight in self.flights))
        self.assertEqual(answer["far"]["value"], max(flight["distance"] for flight in self.flights))

    def test_pages_hold_every_hit_once(self):
        query = {"range": {"delay": {"gte": 120}}}
        found, after = [], {}
        while True:
            page = self.search(query=query, sort=[{"delay": "desc"}, "_doc"], size=1_000, _source=False, **after)["hits"]["hits"]
            if not page:
                break
            after = {"search_after": page[-1]["sort"]}
            found += [(hit["sort"][0], int(hit["_id"])) for hit in page]
        expected = {(flight["delay"], number) for number, flight in enumerate(self.flights) if flight["delay"] >= 120}
        self.assertEqual(len(found), len(expected))
        self.assertEqual(set(found), expected)
        self.assertEqual([delay for delay, _ in found], sorted((delay for delay, _ in found), reverse=True))


class Writes(unittest.TestCase):
    def test_dates_are_found_by_ranges(self):
        node = Node()
        days = ["2023-12-31T23:59:59Z", "2024-01-01", "2024-01-15T12:00:00Z", "2024-02-01"]
        for number, day in enumerate(days):
            node.client.index(index="events", id=str(number), body={"at": day}, refresh=True)
        for bounds, expected in [
            ({"gte": "2024-01-01", "lt": "2024-02-01"}, ["1", "2"]),
            ({"gte": "2024-01-20||-1M/M", "lte": "2024-01-15||/d"}, ["0", "1", "2"]),
            ({"gt": "2024-01-01||+2w/d"}, ["3"]),
            ({"gte": "now-1d/d"}, []),
        ]:
            with self.subTest(bounds=bounds):
                found = node.client.search(index="events", body={"query": {"range": {"at": bounds}}, "sort": ["at"]})
                self.assertEqual([hit["_id"] for hit in found["hits"]["hits"]], expected)
        node.stop()
        node.folder.cleanup()

    def test_documents_change_and_outlive_the_node(self):
        node = Node()
        client = node.client
        client.indices.create(index="notes", body={"mappings": {"properties": {"tag": {"type": "keyword"}}}})
        first = client.index(index="notes", id="a", body={"tag": "x", "count": 1})
        self.assertEqual((first["result"], first["_version"]), ("created", 1))
        self.assertEqual(client.update(index="notes", id="a", body={"doc": {"count": 2}})["result"], "updated")
        self.assertEqual(client.get(index="notes", id="a")["_source"], {"tag": "x", "count": 2})
        with self.assertRaises(ConflictError):
            client.index(index="notes", id="a", body={}, if_seq_no=first["_seq_no"], if_primary_term=1)
        made = client.index(index="notes", body={"tag": "y"}, refresh=True)
        found = client.search(index="notes", body={"query": {"term": {"tag": "y"}}})
        self.assertEqual([hit["_id"] for hit in found["hits"]["hits"]], [made["_id"]])
        self.assertEqual(client.delete(index="notes", id=made["_id"])["result"], "deleted")
        with self.assertRaises(NotFoundError):
            client.delete(index="notes", id=made["_id"])
        node.stop(signal.SIGKILL)
        node.start()
        client = node.client
        self.assertEqual(client.get(index="notes", id="a")["_source"], {"tag": "x", "count": 2})
        self.assertEqual(client.count(index="notes")["count"], 1)
        answers = client.msearch(body=[{"index": "notes"}, {"size": 0}, {"index": "none"}, {}])["responses"]
        self.assertEqual([answer["status"] for answer in answers], [200, 404])
        client.indices.delete(index="notes")
        self.assertFalse(client.indices.exists(index="notes"))
        node.stop()
        self.assertEqual(node.process.returncode, 0)
        node.folder.cleanup()


if __name__ == "__main__":
    unittest.main()
