from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.languages import language
from nlp_engine.text.sentences import split_sentences

CASES = [
    ("en", "One sentence. Another one! A third? Yes.", 4),
    ("en", "Dr. Smith met Mr. Jones at 5 p.m. in St. Louis.", 1),
    ("en", "He was born in the U.S. and lived there.", 1),
    ("en", "J. R. R. Tolkien wrote it. C. S. Lewis read it.", 2),
    ("en", "It costs 3.50 dollars. That is cheap.", 2),
    ("en", 'He said "No." Then he left.', 2),
    ("en", "See No. 5 and vol. 3, p. 12. He said no. She left.", 3),
    ("en", "Wait... what happened? Nothing.", 2),
    ("en", "First paragraph\nSecond paragraph", 2),
    ("en", "Written by Dr.\nJohn Smith, e.g.\nfor Mr.", 3),  # a line break always ends one
    ("en", "It is 27 °C. The U.S. Army (Lt.-Gen. Grant) is there, cf. B.C. dates.", 2),
    ("de", "Er kam, z. B. aus Ulm, i. d. R. am 23./24. Mai 5 v. Chr. Dann ging er.", 2),
    ("de", "Er kam z.B. am 3. Mai. Dann ging er.", 2),
    ("zh", "维基百科是自由的。它是百科全书！真的吗？", 3),
    ("ja", "これは文です。「はい。」これも文です。", 3),
    ("hi", "यह एक वाक्य है। यह दूसरा वाक्य है।", 2),
    ("hy", "Սա մի նախադասություն է։ Սա մյուսն է։", 2),
]


@pytest.mark.parametrize(("code", "text", "count"), CASES)
def test_counts_as_a_reader_would(code: str, text: str, count: int) -> None:
    assert len(split_sentences(text, language(code))) == count


def test_sentences_are_the_readers() -> None:
    text = "Albert Einstein (b. 1879) was a physicist. He won the Nobel Prize in 1921."
    assert split_sentences(text, language("en")) == [
        "Albert Einstein (b. 1879) was a physicist.",
        "He won the Nobel Prize in 1921.",
    ]


@pytest.mark.parametrize("text", ["", " \n\t ", "\n\n"])
def test_nothing_gives_nothing(text: str) -> None:
    assert split_sentences(text, language("en")) == []


@pytest.mark.parametrize("piece", [".", " ", "\n", ". ", '."', "a.", "。", "x"])
def test_time_is_linear_on_hostile_input(piece: str) -> None:
    def seconds(count: int) -> float:
        started = time.process_time()
        split_sentences(piece * count, language("en"))
        return time.process_time() - started

    assert seconds(400_000) / max(seconds(50_000), 0.005) < 4 * 8


@given(st.text(max_size=300), st.sampled_from(["en", "de", "zh", "hi"]))
def test_no_character_but_white_space_is_lost(text: str, code: str) -> None:
    sentences = split_sentences(text, language(code))
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)
