from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.corpus.duplicates import SHINGLE, group_texts, similarity

ENDS = ("n", "sta", "x")
WORDS = [a + b + c for a in ("ba", "kor", "lim") for b in ("e", "o", "ut") for c in ENDS]


def sentence(source: random.Random, words: int) -> list[str]:
    return source.choices(WORDS, k=words)


def brute_force(texts: list[str], threshold: float) -> list[int]:
    """Connected components by comparing every pair, with sets made another way."""
    shifted = ([text[i:] for i in range(SHINGLE)] for text in texts)
    pieces = [set(zip(*parts, strict=False)) or {parts[0]} for parts in shifted]
    group = list(range(len(texts)))
    for i in range(len(texts)):
        for j in range(i):
            union = len(pieces[i] | pieces[j])
            if texts[i] == texts[j] or len(pieces[i] & pieces[j]) >= threshold * union:
                old, new = group[i], group[j]
                group = [new if g == old else g for g in group]
    numbers: dict[int, int] = {}
    return [numbers.setdefault(g, len(numbers)) for g in group]


@pytest.mark.parametrize("threshold", [0.8, 0.9])
def test_groups_are_those_that_comparing_every_pair_gives(threshold: float) -> None:
    source = random.Random(5)
    texts = []
    for _ in range(60):
        words = sentence(source, source.randrange(5, 40))
        texts.append(" ".join(words))
        for _ in range(source.randrange(4)):
            changed = list(words)
            for _ in range(source.randrange(3)):
                changed[source.randrange(len(words))] = source.choice(WORDS)
            texts.append(" ".join(changed))
    source.shuffle(texts)
    expected = brute_force(texts, threshold)
    assert 60 <= len(set(expected)) < len(set(texts)), "the texts are of both kinds"
    assert group_texts(texts, threshold).tolist() == expected


def test_most_pairs_at_the_threshold_are_found() -> None:
    source = random.Random(11)
    pairs = []
    while len(pairs) < 300:
        words = sentence(source, 30)
        changed = [*words[:10], *sentence(source, source.randrange(1, 9)), *words[10:]]
        pair = " ".join(words), " ".join(changed)
        if 0.8 <= similarity(*pair) <= 0.84:
            pairs.append(pair)
    groups = group_texts([text for pair in pairs for text in pair], 0.8).tolist()
    found = sum(a == b for a, b in zip(groups[::2], groups[1::2], strict=True))
    assert found >= 0.98 * len(pairs)  # 99.8 % are to be expected


@given(st.lists(st.text(max_size=30), max_size=20), st.sampled_from([0.7, 0.8, 1.0]))
def test_equal_texts_are_together_whatever_they_hold(texts: list[str], threshold: float) -> None:
    groups = group_texts(texts, threshold).tolist()
    first: dict[str, int] = {}
    for text, group in zip(texts, groups, strict=True):
        assert first.setdefault(text, group) == group
    if threshold == 1:
        assert len(set(groups)) == len(set(texts))
    assert sorted(set(groups)) == list(range(len(set(groups))))


@given(st.permutations([f"{a} text number {n}, with some words" for n in range(5) for a in "ab"]))
def test_the_order_of_the_texts_changes_nothing(texts: list[str]) -> None:
    groups = dict(zip(texts, group_texts(texts, 0.8).tolist(), strict=True))
    in_order = sorted(texts)
    expected = dict(zip(in_order, group_texts(in_order, 0.8).tolist(), strict=True))
    pairs = [(a, b) for a in texts for b in texts]
    assert [groups[a] == groups[b] for a, b in pairs] == [
        expected[a] == expected[b] for a, b in pairs
    ]


def test_texts_without_spaces_are_compared_too() -> None:
    text = "吾輩は猫である名前はまだ無いどこで生れたか頓と見当がつかぬ何でも薄暗いじめじめした所で"
    other = "国境の長いトンネルを抜けると雪国であった夜の底が白くなった信号所に汽車が止まった"
    assert group_texts([text, other, text[:-1], text[1:]], 0.8).tolist() == [0, 1, 0, 0]


def test_many_equal_beginnings_do_not_take_quadratic_time() -> None:
    texts = [f"this sentence is the same in all texts but for its number {n}" for n in range(3000)]
    groups = group_texts(texts, 0.8)
    assert len(set(groups.tolist())) == 1
