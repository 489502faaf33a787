from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.errors import MissingExtraError, SettingError
from nlp_engine.text.tokenizers import TOKENIZERS, open_tokenizer


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("en", "The cat's 9 lives, re-lived!", ["the", "cat", "s", "9", "lives", "re", "lived"]),
        ("hi", "हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("bn", "বাংলা", ["বাংলা"]),
        ("ar", "كِتَابٌ جميل", ["كِتَابٌ", "جميل"]),
        ("tr", "IŞIK İstanbul", ["ışık", "istanbul"]),
        ("de", "Äpfel & Straße", ["äpfel", "straße"]),
        ("ru", "Ёжик в тумане", ["ёжик", "в", "тумане"]),
    ],
)
def test_fast_keeps_words_whole_in_any_script(code: str, text: str, words: list[str]) -> None:
    assert open_tokenizer("fast", code).words(text) == words


def test_fast_gives_the_same_words_for_composed_and_decomposed_text() -> None:
    tokenizer = open_tokenizer("fast", "fr")
    text = "Élève à Orléans"
    assert tokenizer.words(unicodedata.normalize("NFD", text)) == tokenizer.words(text)


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        # Mahoney: lower-case, digits spelled one by one, everything but a-z becomes a space.
        ("en", "In 1999 a Café cost $5", "in one nine nine nine a caf cost five"),
        ("de", "Im Jahr 42 über", "im jahr vier zwei über"),
        ("gd", "Alba 2020 abc", "alba abc"),  # no digit words known: dropped
        ("hi", "हिन्दी 5", "हिन्दी"),
    ],
)
def test_text8_letters_only_and_digits_spelled(code: str, text: str, words: str) -> None:
    assert " ".join(open_tokenizer("text8", code).words(text)) == words


def test_spacy_and_nltk_keep_punctuation_as_tokens() -> None:
    assert open_tokenizer("spacy", "en").words("Don't stop, Dr. Who!") == [
        "do", "n't", "stop", ",", "dr.", "who", "!",
    ]  # fmt: skip
    assert open_tokenizer("nltk", "en").words("Don't stop.") == ["do", "n't", "stop", "."]


def test_an_unknown_name_and_an_unsupported_language() -> None:
    with pytest.raises(SettingError, match="must be one of fast, text8, whitespace, spacy, nltk"):
        open_tokenizer("moses", "en")
    with pytest.raises(SettingError, match="spaCy has no rules for language 'vls'"):
        open_tokenizer("spacy", "vls")
    with pytest.raises(MissingExtraError, match="sudachipy"):
        open_tokenizer("spacy", "ja")


@given(st.text(max_size=200), st.sampled_from(sorted(TOKENIZERS)))
def test_words_are_never_empty_and_hold_no_white_space(text: str, name: str) -> None:
    words = open_tokenizer(name, "en").words(text)
    assert all(word and not any(character.isspace() for character in word) for word in words)
