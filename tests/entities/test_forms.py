from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.entities.forms import FormTrie, form_key, title_form, tokens
from nlp_engine.languages import language

ENGLISH = language("en")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Tim Cook", "tim cook"),
        ("Lincoln's", "lincoln s"),
        ("  AT&T ", "at t"),
        ("rock-and-roll", "rock and roll"),
        ("42", ""),
        ("x", ""),
        ("!?", ""),
        ("C++", ""),
        ("Z\u0065\u0301ro", "zéro"),
        ("東京", "東 京"),
    ],
)
def test_keys(text: str, key: str) -> None:
    assert form_key(text, ENGLISH) == key


def test_tokens_know_their_place() -> None:
    text = "Tim\u00a0Cook, Cupertino's own."
    found = tokens(text, ENGLISH)
    assert [token.key for token in found] == ["tim", "cook", "cupertino", "s", "own"]
    assert [text[token.start : token.end] for token in found] == [
        "Tim", "Cook", "Cupertino", "s", "own",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("Apple (fruit)", "Apple"),
        ("Cupertino, California", "Cupertino, California"),
        ("(What's the Story)", "(What's the Story)"),
        ("A (b) c", "A (b) c"),
    ],
)
def test_titles_as_people_write_them(title: str, form: str) -> None:
    assert title_form(title) == form


KEYS = st.lists(st.sampled_from(["a", "ab", "b", "abc"]), min_size=1, max_size=4).map(" ".join)


@given(st.sets(KEYS, min_size=1), st.lists(st.sampled_from(["a", "ab", "b", "abc", "c"])))
def test_forms_at_a_token_agree_with_a_search_of_all_keys(keys: set[str], words: list[str]) -> None:
    trie = FormTrie.of(keys, 4)
    text = tokens(" ".join(words), ENGLISH)
    for start in range(len(text)):
        expected = [
            (count, trie.id(" ".join(words[start : start + count])))
            for count in range(1, 5)
            if " ".join(words[start : start + count]) in keys and start + count <= len(words)
        ]
        assert list(trie.starting_at(text, start)) == expected
