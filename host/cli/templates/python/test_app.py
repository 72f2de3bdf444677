"""Unit tests of the functions, which run without building a component."""

import pytest

from app import {{Type}}
from whittle_guest import InvalidArgumentError
from whittle_guest.testing import Query


def test_a_text_has_all_words_in_any_order_and_case() -> None:
    query = Query({{Type}}, field="title", words="star WARS")
    documents = [{"title": "Star Wars"}, {"title": "Wars of the star"}, {"title": "Star Trek"}]
    assert query.values(documents) == [True, True, False]


def test_a_document_without_the_text_does_not_match() -> None:
    query = Query({{Type}}, field="title", words="star")
    assert query.value({}) is False
    assert query.value({"title": None}) is False


def test_no_words_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="parameter `words` has no word"):
        Query({{Type}}, field="title", words="  ")
