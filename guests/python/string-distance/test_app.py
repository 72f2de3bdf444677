"""The function with documents."""

import unittest

from whittle_guest.testing import Query

from app import StringDistance


class Distances(unittest.TestCase):
    """Texts within some edits of another."""

    def test_a_text_within_some_edits_matches(self) -> None:
        query = Query(StringDistance, field="title", target="star wars", max_distance=1)
        titles = ["star wars", "star wart", "star warps!", None]
        documents: list[dict[str, object]] = [{"title": title} for title in titles]
        self.assertEqual(query.values([*documents, {}]), [True, True, False, False, False])

    def test_two_edits_match_where_the_query_does_not_say(self) -> None:
        query = Query(StringDistance, field="title", target="été")
        found = [query.value({"title": title}) for title in ("ete", "et", "e")]
        self.assertEqual(found, [True, True, False])
