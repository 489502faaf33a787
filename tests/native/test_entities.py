"""Tokens, forms, spotting and ranking against plain Python references."""

from __future__ import annotations

import gc
import itertools
import math
import weakref
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nlp_engine.entities.characters import characters
from nlp_engine.languages import Language, language
from nlp_engine.native import entities as kernel
from tests.native import entities_reference as reference

ENGLISH, TURKISH = language("en"), language("tr")
LANGUAGES = st.sampled_from([ENGLISH, TURKISH])
SEEDS = st.integers(0, 2**20)  # larger ones are not all as likely

# Capitals of one and two letters, title case, both sigmas, dotted and dotless i; marks; digits that
# are letters of a script or numbers; scripts without spaces, within the basic plane and beyond.
LETTERS = (
    "aZéßẞǅΣσςİIıiНнבع" + "\u0301\u0308\ufe0f\u20dd" + "7٣ⅣªⅡ²" + "漢\u3007々ひカーกิำລខြမ𠀀𪚥𝐀𞤀"
)
OTHERS = " -_'.\0\x1f\x7f\x85\u00a0\u2028\u200d\ufeff" + "\ud800\udfff"
OTHERS += "\U0001f600\U0001f1e9\U000e0100\U0010ffff"
# A list of characters, as `st.text` would draw from all alike.
TEXTS = st.lists(
    st.sampled_from(LETTERS)
    | st.sampled_from(LETTERS + OTHERS)
    | st.characters(exclude_categories=[]),
    max_size=25,
).map("".join)


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@given(TEXTS, LANGUAGES)
@settings(max_examples=1000)
def test_tokens_are_those_of_the_reference(text: str, of: Language) -> None:
    found = kernel.form_tokens(utf8(text), characters(of))
    expected = reference.tokens(text, of)
    assert found.keys == utf8(" ".join(token.key for token in expected))
    columns = (found.starts, found.ends, found.lower)
    assert [*zip(*(c.tolist() for c in columns), strict=True)] == [
        (token.start, token.end, token.lower) for token in expected
    ]


@given(st.lists(TEXTS, max_size=5), LANGUAGES, st.integers(0, 4))
@settings(max_examples=200)
def test_keys_of_texts(texts: list[str], of: Language, max_words: int) -> None:
    found = kernel.form_keys(kernel.Strings.of(texts), characters(of), max_words)
    check_keys(found, [reference.form_key(text, of, max_words) for text in texts])


@given(st.lists(TEXTS, max_size=4), LANGUAGES, st.integers(1, 4), st.data())
@settings(max_examples=200)
def test_keys_of_spans(texts: list[str], of: Language, max_words: int, data: st.DataObject) -> None:
    edges = st.integers(-1, 45)  # also beyond the ends, and in any order
    spans = [data.draw(st.lists(st.tuples(edges, edges), max_size=4)) for _ in texts]
    offsets = np.cumsum([0, *map(len, spans)]).astype(np.int64)
    flat = np.array([edge for own in spans for edge in own], np.int32).reshape(-1, 2).T.copy()
    found = kernel.form_keys_of_spans(
        kernel.Strings.of(texts), offsets, *flat, characters(of), max_words
    )
    expected = [
        reference.form_key(text[max(start, 0) : max(end, 0)], of, max_words)
        for text, own in zip(texts, spans, strict=True)
        for start, end in own
    ]
    check_keys(found, expected)


def check_keys(found: kernel.KeyColumn, expected: Sequence[tuple[str, bool]]) -> None:
    data, offsets = found.data.tobytes(), found.offsets.tolist()
    assert [data[a:b] for a, b in itertools.pairwise(offsets)] == [utf8(k) for k, _ in expected]
    assert found.lower.tolist() == [lower for _, lower in expected]


@pytest.mark.parametrize("text", ["", " …" * 300_000, "Lorem ipsum, 42 dolor. " * 50_000])
def test_texts_that_are_empty_or_long(text: str) -> None:
    words = text.split()
    found = kernel.form_tokens(utf8(text), characters(ENGLISH))
    tokens = [word.strip(",.").lower() for word in words if word != "…"]
    assert found.keys.decode() == " ".join(tokens)
    assert found.starts[-3:].tolist() == [text.rfind(x) for x in ("ipsum", "42", "dolor") if tokens]
    forms = forms_of([reference.Form("lorem dolor", 1, 1)])
    spots = kernel.spot(
        forms, None, utf8(text), characters(ENGLISH), min_link_probability=0, shorter_wins=5
    )
    assert [len(column) for column in spots] == [0] * 4
    documents, lower = np.zeros(1, np.uint32), np.zeros(1, np.uint32)
    keys = sorted_strings(["lorem dolor"])
    counters = kernel.document_counters(keys, 2, characters(ENGLISH), documents, lower, 2)
    counters.add(*kernel.Strings.of([text] * 3), *kernel.Strings.of(["", text, "Lorem, dolor"]))
    assert (documents.tolist(), lower.tolist()) == ([1], [0])


def sorted_strings(keys: Sequence[str]) -> Any:
    compressed = kernel.compress_strings(kernel.Strings.of(keys))
    offsets = np.cumsum([0, *compressed.sizes.tolist()]).astype(np.int64)
    return kernel.sorted_strings(compressed.data, offsets, compressed.heads, len(keys))


def in_order(keys: Sequence[str]) -> list[str]:
    return sorted(set(keys), key=utf8)


# Beginnings that fill the eight bytes of a block's head, so that many blocks have the same.
KEYS = st.builds(
    str.__add__,
    st.sampled_from(["", "a", "eight by", "eight bytes and more ", "x" * 200]),
    st.text("ab é東\U0001f600", max_size=6),
)


def some_keys(count: int) -> list[str]:
    random = np.random.default_rng(count)
    keys = set[str]()
    while len(keys) < count:
        words = random.choice(
            ["eight bytes", "a", "ab", "b", "é東", "\U0001f600"], random.integers(1, 7)
        )
        keys.add(" ".join(words.tolist()))
    return in_order([*keys])


def check_strings(keys: list[str], looked_for: Sequence[str]) -> None:
    strings = sorted_strings(keys)
    assert len(strings) == len(keys)
    encoded = [utf8(key) for key in keys]
    for key in looked_for:
        at = bisect_left(encoded, utf8(key))
        longer = any(other.startswith(key + " ") for other in keys)
        assert strings.find(key) == (at, key in keys, longer)


@given(st.lists(KEYS, max_size=70), st.lists(KEYS, max_size=20))
@settings(max_examples=200)
def test_strings_are_found(keys: list[str], others: list[str]) -> None:
    check_strings(in_order(keys), [*keys, *others, *(key[:-1] for key in keys), "", "zz"])


@pytest.mark.parametrize("count", [0, 1, 16, 31, 32, 33, 64, 1000])
def test_many_strings_are_found_and_given_back(count: int) -> None:
    keys = some_keys(count)
    check_strings(keys, [*keys, *(key + " " for key in keys), *some_keys(200)])
    strings = sorted_strings(keys)
    for begin, end in [(0, count), (count // 2, count), (count // 3, count // 2), (count, count)]:
        assert kernel.Strings(*strings.between(begin, end)).decoded() == keys[begin:end]


@given(st.lists(KEYS, max_size=50).map(in_order) | st.integers(0, 150).map(some_keys))
def test_strings_are_laid_out_as_in_files(keys: list[str]) -> None:
    compressed = kernel.compress_strings(kernel.Strings.of(keys))
    blocks, heads = reference.compressed([utf8(key) for key in keys])
    assert compressed.data.tobytes() == b"".join(blocks)
    assert compressed.sizes.tolist() == [len(block) for block in blocks]
    assert compressed.heads.tolist() == heads


def test_strings_are_compressed_piece_by_piece() -> None:
    strings = kernel.Strings.of(some_keys(150))
    whole = kernel.compress_strings(strings)
    pieces = [
        kernel.compress_strings(kernel.Strings(strings.data, strings.offsets[begin:end]))
        for begin, end in [(0, 65), (64, 97), (96, 151)]  # 64 strings, 32, and the rest
    ]
    for column in range(3):
        joined = np.concatenate([piece[column] for piece in pieces])
        np.testing.assert_array_equal(joined, whole[column])


NUMBERS = st.integers(0, 2**31 - 1) | st.sampled_from([0, 1, 127, 128, 16383, 16384, 2**31 - 1])


@given(st.lists(st.integers(0, 2**32 - 1) | NUMBERS))
def test_varints(values: list[int]) -> None:
    data, sizes = kernel.varints(np.array(values, np.uint32))
    expected = [reference.varint(value) for value in values]
    assert data.tobytes() == b"".join(expected)
    assert sizes.tolist() == [len(one) for one in expected]


@given(st.lists(st.lists(NUMBERS, unique=True).map(sorted), max_size=5))
def test_number_lists(rows: list[list[int]]) -> None:
    lists = number_lists(rows)
    assert [lists.row(i).tolist() for i in range(len(rows))] == rows


def number_lists(rows: Sequence[Sequence[int]]) -> Any:
    distances = [
        np.diff(np.array(row, np.int64), prepend=np.int64(0)).astype(np.uint32) for row in rows
    ]
    packed = [kernel.varints(own)[0] for own in distances]
    offsets = np.cumsum([0, *map(len, packed)]).astype(np.int64)
    return kernel.number_lists(np.concatenate([np.empty(0, np.uint8), *packed]), offsets)


def forms_of(forms: Sequence[reference.Form]) -> Any:
    """The kernel's; their keys must be in order."""
    lower = [(i, *form.lower) for i, form in enumerate(forms) if form.lower]
    ids, linked, documents = np.array(lower, np.int64).reshape(-1, 3).T
    return kernel.forms(
        keys=sorted_strings([form.key for form in forms]),
        link_documents=np.array([form.link_documents for form in forms], np.uint32),
        documents=np.array([form.documents for form in forms], np.uint32),
        lower_forms=ids.astype(np.int32),
        lower_link_documents=linked.astype(np.uint32),
        lower_documents=documents.astype(np.uint32),
        max_words=max((form.key.count(" ") + 1 for form in forms), default=0),
    )


WORDS = ["new", "york", "of", "city", "東", "京"]
SPELLINGS = [*WORDS, "New", "YORK", "oF", "x", "東京"]
SEPARATORS = [" ", " ", "-", ", ", "\n"]


def some_text(random: np.random.Generator, most: int = 25) -> str:
    pieces = zip(
        random.choice(SPELLINGS, random.integers(0, most + 1)).tolist(),
        random.choice(SEPARATORS, most).tolist(),
        strict=False,
    )
    return "".join(itertools.chain(*pieces))


def some_forms(random: np.random.Generator, most: int = 14) -> list[reference.Form]:
    forms = dict[str, reference.Form]()
    for _ in range(random.integers(0, most + 1)):
        key = " ".join(random.choice(WORDS, random.integers(1, 5)).tolist())
        linked, documents, *lower = random.integers(0, 7, 4).tolist()
        single = " " not in key and random.integers(2)
        forms[key] = reference.Form(key, linked, documents, tuple(lower) if single else None)
    return sorted(forms.values(), key=lambda form: utf8(form.key))


@given(SEEDS)
@settings(max_examples=1000)
def test_spots_are_those_of_the_reference(seed: int) -> None:
    random = np.random.default_rng(seed)
    text, base = some_text(random), some_forms(random)
    added = some_forms(random, 6) if random.integers(2) else None
    min_link_probability = float(random.choice([0.0, 0.2, 1 / 3, 0.5]))
    shorter_wins = float(random.choice([0.5, 1.0, 2.0, 5.0]))
    count = len(reference.tokens(text, ENGLISH))
    edges = [
        random.integers(0, 4, count).astype(bool) if not random.integers(3) else None
        for _ in range(2)
    ]
    found = kernel.spot(
        forms_of(base),
        None if added is None else forms_of(added),
        utf8(text),
        characters(ENGLISH),
        min_link_probability=min_link_probability,
        shorter_wins=shorter_wins,
        **{
            name: own.astype(np.uint8)
            for name, own in zip(("may_start", "may_end"), edges, strict=True)
            if own is not None
        },
    )
    expected = reference.spot(
        text,
        {form.key: form for form in base},
        {form.key: form for form in added or []},
        ENGLISH,
        min_link_probability=min_link_probability,
        shorter_wins=shorter_wins,
        may_start=None if edges[0] is None else edges[0].tolist(),
        may_end=None if edges[1] is None else edges[1].tolist(),
    )
    all_forms = [*base, *(added or [])]
    spots = [
        reference.Spot(start, end, all_forms[form], probability)
        for start, end, form, probability in zip(*(c.tolist() for c in found), strict=True)
    ]
    assert spots == expected
    added_keys = {form.key for form in added or []}
    assert not [i for i in found.forms if i < len(base) and base[i].key in added_keys]


@given(SEEDS)
def test_link_probabilities(seed: int) -> None:
    forms = some_forms(np.random.default_rng(seed))
    made = forms_of(forms)
    for i, form in enumerate(forms):
        for lower in (False, True):
            assert made.link_probability(i, lower) == form.link_probability(lower)


# The rules by hand: "in indianapolis" is a form, and "indianapolis" five times more often a link.
@pytest.mark.parametrize(("linked", "key"), [(49, "in indianapolis"), (50, "indianapolis")])
def test_a_shorter_form_wins_if_it_is_far_more_often_a_link(linked: int, key: str) -> None:
    forms = [
        reference.Form("in indianapolis", 10, 100),
        reference.Form("indianapolis", linked, 100),
    ]
    found = kernel.spot(
        forms_of(forms), None, b"in Indianapolis", characters(ENGLISH),
        min_link_probability=0.1, shorter_wins=5.0,
    )  # fmt: skip
    assert [forms[i].key for i in found.forms] == [key]


@given(SEEDS, st.integers(1, 4))
@settings(max_examples=200)
def test_documents_are_counted(seed: int, threads: int) -> None:
    random = np.random.default_rng(seed)
    keys = [form.key for form in some_forms(random)]
    batches = [
        [(some_text(random, 3), some_text(random)) for _ in range(random.integers(0, 8))]
        for _ in range(3)
    ]
    documents, lower = (np.full(len(keys), 7, np.uint32) for _ in range(2))
    counters = kernel.document_counters(
        sorted_strings(keys), 4, characters(ENGLISH), documents, lower, threads
    )
    for batch in batches:
        titles, texts = ([pair[side] for pair in batch] for side in (0, 1))
        counters.add(*kernel.Strings.of(titles), *kernel.Strings.of(texts))
    expected = reference.count_documents([*itertools.chain(*batches)], keys, ENGLISH)
    assert ((documents - 7).tolist(), (lower - 7).tolist()) == expected


def test_threads_count_all_documents() -> None:
    words = [f"w{i}" for i in range(50)]
    keys = in_order([*words, *(f"{a} {b}" for a, b in itertools.product(words[:9], repeat=2))])
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(words, 30).tolist()) for _ in range(2000)]
    titles = [text[:5].upper() for text in texts]
    counts = []
    for threads in (1, 8):
        documents, lower = (np.zeros(len(keys), np.uint32) for _ in range(2))
        counters = kernel.document_counters(
            sorted_strings(keys), 2, characters(ENGLISH), documents, lower, threads
        )
        counters.add(*kernel.Strings.of(titles), *kernel.Strings.of(texts))
        counts.append((documents.tolist(), lower.tolist()))
    assert counts[0] == counts[1]
    for i, word in enumerate(keys):
        if word in words:
            has = sum(word in text.split() for text in texts)
            assert counts[0][1][i] == has <= counts[0][0][i] <= len(texts)


TITLES = [
    "Paris",
    "Paris Hilton",
    "Hilton Hotel",
    "東京 Hotel",
    "New York",
    "YORK",
    "",
    "x",
    "of York",
]
FAR = 70_000
"""Sources are counted in stretches of 65,536."""


class World:
    """Random forms, entities and links, as the reference and as the kernel have them."""

    def __init__(
        self, seed: int, *, entities: int = 20, added_entities: int = 2, hubs: int = 0
    ) -> None:
        random = np.random.default_rng(seed)
        self.random = random
        sources = [*range(entities), *range(FAR - 10, FAR), *range(3 * FAR, 3 * FAR + 10)]
        density = random.choice([0.0, 0.1, 0.4, 1.0], (entities, 1), p=[0.1, 0.4, 0.4, 0.1])
        self.graph = reference.Graph(
            in_links=subsets(random, density, sources),
            out_links=subsets(random, density / 2, sources),
            titles=random.choice(TITLES, entities + added_entities).tolist(),
            pages=float(random.choice([len(sources), 1e3, 1e7])),
            language=ENGLISH,
        )
        for in_links in self.graph.in_links[:hubs]:
            size = random.choice([4095, 4096, 9000]) - len(in_links)
            more = np.setdiff1d(np.arange(3 * FAR), [*in_links])
            in_links |= {*random.choice(more, size, replace=False).tolist()}
        self.kernel_graph = kernel_graph(self.graph)
        base = in_order([key for key in self.graph.keys if key])
        added = in_order([*random.choice(base, 3).tolist(), "zz top"])
        self.known = [(key, self._candidates(entities + added_entities)) for key in [*base, *added]]
        self.arguments: dict[str, Any] = {"graph": self.kernel_graph}
        for names, own in (
            (("base", "candidates"), self.known[: len(base)]),
            (("added", "added_candidates"), self.known[len(base) :]),
        ):
            forms = forms_of([reference.Form(key, 1, 1) for key, _ in own])
            self.arguments |= zip(names, (forms, candidates_of([c for _, c in own])), strict=True)

    def _candidates(self, entities: int) -> list[tuple[int, int]]:
        count = int(self.random.integers(0, 9))
        chosen = self.random.permutation(entities)[:count].tolist()
        most = self.random.choice([0, 1, 20])
        counts = sorted(self.random.integers(0, most + 1, count).tolist(), reverse=True)
        return [*zip(chosen, counts, strict=True)]

    def mentions(self, most: int) -> list[int]:
        """Some forms' ids."""
        return self.random.integers(0, len(self.known), self.random.integers(0, most + 1)).tolist()

    def factors(self) -> tuple[dict[int, float], float]:
        """Those of some entities, and of others."""
        if self.random.integers(2):
            return {}, 1.0
        chosen = sorted(self.random.permutation(len(self.graph.titles))[:5].tolist())
        values = self.random.choice([0.0, 0.5, 3.0], 5).tolist()
        return dict(zip(chosen, values, strict=True)), float(self.random.choice([0.0, 0.5, 1.0]))

    def gathered(
        self,
        mentions: list[int],
        rules: reference.Rules,
        factors: Mapping[int, float] | None = None,
        others: float = 1.0,
    ) -> tuple[Any, NDArray[np.int32]]:
        """What the kernel gathers."""
        factors = factors or {}
        return kernel.gather(
            **self.arguments,
            mentions=np.array(mentions, np.int64),
            rules=kernel.ranking_rules(**asdict(rules)),
            factors=kernel.factors(
                np.array([*factors], np.int32), np.array([*factors.values()], float), others
            ),
        )


def subsets(random: np.random.Generator, density: Any, of: Sequence[int]) -> list[set[int]]:
    chosen = random.random((len(density), len(of))) < density
    return [{of[i] for i in np.flatnonzero(row)} for row in chosen]


def kernel_graph(graph: reference.Graph) -> Any:
    count = len(graph.in_links)
    return kernel.entity_graph(
        in_degrees=np.array([len(row) for row in graph.in_links], np.uint32),
        pages=graph.pages,
        in_links=number_lists([sorted(row) for row in graph.in_links]),
        out_links=number_lists([sorted(row) for row in graph.out_links]),
        titles=kernel.Strings.of(graph.titles[:count]),
        added_titles=kernel.Strings.of(graph.titles[count:]),
        characters=characters(graph.language),
    )


def candidates_of(rows: Sequence[Sequence[tuple[int, int]]]) -> Any:
    offsets = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    flat = np.array([pair for row in rows for pair in row], np.int64).reshape(-1, 2)
    return kernel.candidates(offsets, flat[:, 0].astype(np.int32), flat[:, 1].astype(np.uint32))


def some_rules(random: np.random.Generator) -> reference.Rules:
    def one(*values: Any) -> Any:
        return values[random.integers(len(values))]

    def share() -> float:
        return one(0.0, 0.02, 0.1, 0.3, 0.5, 1.0)

    return reference.Rules(
        method=one("commonness", "tagme", "tagme", "collective"),
        window=one(1, 2, 3, 4, 30, 2**31 - 1),
        max_candidates=one(1, 3, 30, 30),
        min_links=one(0, 0, 0, 2),
        prior_share=one(0.05, 0.5),
        passes=one(1, 2, 3),
        same=share(),
        link=share(),
        cocitation=share(),
        title_words=share(),
        added_count=one(0.1, 1.0),
        title_bonus=one(0.0, 2.0),
        in_degree_power=one(0.1, 1.0),
        epsilon=share(),
        epsilon_by_rank=one(False, True),
        tau=share(),
        tau_for_votes=one(False, True),
        divide_votes=one(False, True),
        min_shared=one(0, 1, 2, 5),
        direct_links=one(False, True),
        link_without_votes=one(False, True),
    )


def test_rules_have_the_defaults_that_are_documented() -> None:
    made = kernel.ranking_rules()
    for rule in fields(reference.Rules):
        if rule.name != "method":
            assert getattr(made, rule.name) == rule.default, rule.name


@given(SEEDS)
@settings(max_examples=200)
def test_forms_and_candidates_are_gathered(seed: int) -> None:
    world = World(seed)
    rules, mentions = some_rules(world.random), world.mentions(20)
    factors, others = world.factors()
    nodes, form_of = world.gathered(mentions, rules, factors, others)
    expected = reference.gather(mentions, world.known, world.graph, rules, factors, others)
    assert nodes.keys == [form.key for form in expected]
    sizes = [len(form.entities) for form in expected]
    assert nodes.node_offsets.tolist() == [*itertools.accumulate(sizes, initial=0)]
    for name in ("entities", "counts", "commonness", "prior"):
        values = [value for form in expected for value in getattr(form, name)]
        np.testing.assert_allclose(getattr(nodes, name), values, rtol=1e-12)
    numbers = {position: f for f, form in enumerate(expected) for position in form.positions}
    assert form_of.tolist() == [numbers[i] for i in range(len(mentions))]


@given(SEEDS)
@settings(max_examples=300)
def test_rankings_are_those_of_the_reference(seed: int) -> None:
    world = World(seed)
    rules, mentions = some_rules(world.random), world.mentions(24)
    factors, others = world.factors()
    nodes, _ = world.gathered(mentions, rules, factors, others)
    forms = reference.gather(mentions, world.known, world.graph, rules, factors, others)
    check_ranking(world, nodes, forms, rules)


def check_ranking(
    world: World, nodes: Any, forms: Sequence[reference.FormNodes], rules: reference.Rules
) -> None:
    found = kernel.rank(world.kernel_graph, nodes, kernel.ranking_rules(**asdict(rules)))
    # Priors are checked by themselves; those to the last bit say on which side of tau one is.
    for form, (begin, end) in zip(forms, itertools.pairwise(nodes.node_offsets), strict=True):
        form.prior = nodes.prior[begin:end].tolist()
    ranking = reference.Ranking(world.graph, forms, rules)
    expected = ranking.rank()
    near = 1e-5 if rules.method == "collective" else 1e-9  # its relations are float32
    np.testing.assert_allclose(found.scores, expected.scores, atol=near)
    np.testing.assert_allclose(found.votes, expected.votes, rtol=near, atol=near)
    chosen = found.chosen.tolist()
    for own, right, of_form in zip(chosen, expected.chosen, ranking.ranges, strict=True):
        if rules.method == "tagme":
            if is_clear(expected.votes[of_form], rules.epsilon):
                assert own == right
        else:
            assert (own in of_form) == bool(of_form)
            assert own == right or abs(expected.scores[own] - expected.scores[right]) < near
    np.testing.assert_allclose(found.coherence, ranking.coherence(chosen), atol=1e-9)
    for node in range(len(ranking.entities)):
        check_votes(found, node, ranking, expected, near)


def is_clear(votes: NDArray[np.float64], epsilon: float) -> bool:
    """Whether no rounding can change the order of votes, nor which are near the best."""
    limits = [*votes, *((1 - epsilon) * votes)]
    pairs = itertools.product(votes, limits)
    return all(a == b or abs(a - b) > 1e-9 * max(a, b) for a, b in pairs)


def check_votes(
    found: Any,
    node: int,
    ranking: reference.Ranking,
    expected: reference.Ranked,
    near: float,
) -> None:
    votes = found.votes_for(node, 1000)
    weights = [weight * sum(parts) for _, weight, *parts in votes]
    assert sum(weights) == pytest.approx(found.votes[node], rel=near, abs=near)
    assert weights == sorted(weights, reverse=True)
    assert found.votes_for(node, 2) == votes[:2]
    given = {voter: (weight, *parts) for voter, weight, *parts in votes}
    form = ranking.form_of[node]
    for other in range(len(ranking.entities)):
        parts = ranking.parts(node, other)
        weight = expected.voters[other]
        if not ranking.near[form][ranking.form_of[other]]:
            assert other not in given
        elif other in given:
            assert given[other] == pytest.approx((weight, *parts), rel=near, abs=near)
        else:
            assert weight * sum(parts) < 1e-9 + near * weight
    assert len(given) == len(votes)


# From 4,096 in-links on, an entity's are counted otherwise.
@pytest.mark.parametrize("rules", [{"method": "tagme", "tau": 0.0}, {"cocitation": 5.0}])
@pytest.mark.parametrize("seed", range(4))
def test_entities_that_many_pages_link_to(rules: dict[str, Any], seed: int) -> None:
    world = World(seed, hubs=8)
    made = reference.Rules(**rules)
    mentions = [*range(len(world.known))]
    nodes, _ = world.gathered(mentions, made)
    forms = reference.gather(mentions, world.known, world.graph, made, {}, 1.0)
    check_ranking(world, nodes, forms, made)


@pytest.mark.parametrize("method", ["tagme", "collective"])
@pytest.mark.parametrize("window", [3, 4, 30])
def test_neighbours_of_a_long_text(method: str, window: int) -> None:
    rules = reference.Rules(method=method, window=window)
    world = World(window, entities=60)
    forms = [
        reference.FormNodes(f"form {i}", positions, *nodes)
        for i, positions, nodes in random_forms(world.random, 70, 60)
    ]
    for form in forms:
        reference.set_prior(form, world.graph, rules, {}, 1.0)
    made = kernel.form_nodes(
        keys=[form.key for form in forms],
        positions=[form.positions for form in forms],
        node_offsets=np.cumsum([0, *(len(f.entities) for f in forms)]).astype(np.int32),
        entities=np.array([e for f in forms for e in f.entities], np.int32),
        counts=np.array([c for f in forms for c in f.counts], np.uint32),
        graph=world.kernel_graph,
        rules=kernel.ranking_rules(**asdict(rules)),
    )
    for name in ("entities", "counts", "commonness", "prior"):
        expected = [value for form in forms for value in getattr(form, name)]
        np.testing.assert_allclose(getattr(made, name), expected, rtol=1e-12)
    check_ranking(world, made, forms, rules)


def random_forms(random: np.random.Generator, count: int, entities: int) -> Any:
    """Forms, some of them mentioned often and far apart, some never linked."""
    positions = np.concatenate([np.arange(count), random.integers(0, count, count)])
    for form in range(count):
        size = int(random.integers(0, 4))
        counts = sorted(random.integers(0, random.choice([1, 9]), size).tolist(), reverse=True)
        commonness = [c / sum(counts) if any(counts) else 1 / size for c in counts]
        own = np.flatnonzero(positions == form).tolist()
        chosen = random.permutation(entities)[:size].tolist()
        yield form, own, (chosen, counts, commonness)


def small_world(links: Sequence[tuple[int, int]], entities: int, pages: float = 100.0) -> World:
    """Entities 0, 1, ... named x0, x1, ... with links, and no forms."""
    world = World(0)
    rows = [{b for a, b in links if a == i} for i in range(entities)]
    sources = [{a for a, b in links if b == i} for i in range(entities)]
    titles = [f"x{i}" for i in range(entities)]
    world.graph = reference.Graph(sources, rows, titles, pages, ENGLISH)
    world.kernel_graph = kernel_graph(world.graph)
    return world


def ranked(
    world: World, forms: Sequence[Sequence[tuple[int, int]]], **rules: Any
) -> tuple[list[int], list[float], list[float]]:
    """Chosen nodes, scores and votes of forms, each given by (entity, links)."""
    made_rules = kernel.ranking_rules(**rules)
    flat = np.array([pair for form in forms for pair in form], np.int64).reshape(-1, 2)
    nodes = kernel.form_nodes(
        keys=[f"form {i}" for i in range(len(forms))],
        positions=[[i] for i in range(len(forms))],
        node_offsets=np.cumsum([0, *map(len, forms)]).astype(np.int32),
        entities=flat[:, 0].astype(np.int32),
        counts=flat[:, 1].astype(np.uint32),
        graph=world.kernel_graph,
        rules=made_rules,
    )
    ranking = kernel.rank(world.kernel_graph, nodes, made_rules)
    return ranking.chosen.tolist(), ranking.scores.tolist(), ranking.votes.tolist()


TAGME = {"method": "tagme", "direct_links": True, "divide_votes": False, "tau": 0.0}


def test_neighbours_are_taken_from_one_side_at_the_ends() -> None:
    world = small_world([(0, 2), (4, 2)], 5)
    votes = ranked(world, [[(i, 1)] for i in range(5)], window=2, **TAGME)[2]
    assert votes == [1, 0, 0, 0, 1]  # 0 sees 1 and 2, but 2 sees 1 and 3
    assert ranked(world, [[(i, 1)] for i in range(5)], window=3, **TAGME)[2] == [1, 0, 2, 0, 1]
    world = small_world([(0, 2), (4, 2)], 7)
    votes = ranked(world, [[(i, 1)] for i in range(7)], window=3, **TAGME)[2]
    assert votes == [1, 0, 1, 0, 0, 0, 0]  # 2 sees 1, 3 and 4; 4 is among the last four


# Entity 0 has all votes of the others, entity 1 half, and entity 2 none; 2 is the most common.
@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        ({"epsilon": 0.0}, 0),
        ({"epsilon": 0.5}, 0),  # half is not within half of the best
        ({"epsilon": 0.51}, 1),
        ({"epsilon": 1.0}, 1),  # no votes are never near the best
        ({"epsilon": 0.3, "epsilon_by_rank": True}, 0),  # the best of three
        ({"epsilon": 0.34, "epsilon_by_rank": True}, 1),  # the best two
        ({"epsilon": 1.0, "epsilon_by_rank": True}, 2),
        ({"epsilon": 0.0, "epsilon_by_rank": True}, 0),
        ({"epsilon": 0.0, "tau": 0.15}, 1),  # entity 0 is too rare
        ({"epsilon": 1.0, "tau": 0.35}, 2),  # one is left
        ({"epsilon": 1.0, "tau": 1.0}, 2),  # all are too rare: the most common
    ],
)
def test_disambiguation_by_threshold(rules: dict[str, Any], chosen: int) -> None:
    world = small_world([(3, 0), (4, 0), (3, 1)], 5)
    forms = [[(2, 6), (1, 3), (0, 1)], [(3, 1)], [(4, 1)]]
    nodes, _, votes = ranked(world, forms, **{**TAGME, **rules})
    assert votes[:3] == [0, 1, 2]
    assert [2, 1, 0][nodes[0]] == chosen


def test_equal_votes_fall_to_the_most_common_one_and_no_votes_to_none() -> None:
    world = small_world([(3, 0), (3, 1)], 4)
    forms = [[(0, 2), (1, 3), (2, 6)], [(3, 1)]]
    assert ranked(world, forms, epsilon=0.0, **TAGME)[0] == [1, 3]
    alone = [[(2, 6), (1, 3)]]
    assert ranked(world, alone, **TAGME)[0] == [-1]
    assert ranked(world, alone, link_without_votes=True, **TAGME)[0] == [0]
    assert ranked(world, [[(2, 1)]], **TAGME)[0] == [0]  # nothing to decide


@pytest.mark.parametrize(
    ("rules", "votes"),
    [
        ({"divide_votes": False}, 0.25 + 1),
        ({"divide_votes": True}, 0.25 / 2 + 1),
        ({"divide_votes": True, "tau": 0.3, "tau_for_votes": False}, 0.25 / 2 + 1),
        ({"divide_votes": True, "tau": 0.3, "tau_for_votes": True}, 1),
    ],
)
def test_who_votes(rules: dict[str, Any], votes: float) -> None:
    world = small_world([(0, 1), (3, 0)], 4)
    forms = [[(0, 1)], [(2, 3), (1, 1)], [(3, 5)]]
    assert ranked(world, forms, **{**TAGME, **rules})[2][0] == votes


# in(0) = {2, 3, 4, 5}, in(1) = {4, 5, 6}: two in common.
@pytest.mark.parametrize(("min_shared", "related"), [(1, True), (2, True), (3, False)])
def test_relatedness_needs_enough_in_common(min_shared: int, related: bool) -> None:
    world = small_world([(i, 0) for i in (2, 3, 4, 5)] + [(i, 1) for i in (4, 5, 6)], 7)
    rules = {**TAGME, "direct_links": False, "min_shared": min_shared}
    votes = ranked(world, [[(0, 1)], [(1, 1)]], **rules)[2]
    expected = 1 - math.log(4 / 2) / math.log(100 / 3) if related else 0
    assert votes == pytest.approx([expected] * 2)


def test_one_pass_of_the_collective_rule_by_hand() -> None:
    # 0 and 2 are linked; 0 and 3 have the page 4 in common, of one and two pages that link to them.
    world = small_world([(0, 2), (4, 0), (4, 3), (5, 3)], 6, pages=1000.0)
    rules = {"passes": 1, "prior_share": 0.05, "added_count": 0.1, "link": 1.0, "cocitation": 1.0}
    _, scores, votes = ranked(world, [[(0, 2), (1, 1)], [(2, 1), (3, 0)]], **rules)
    priors = [2.1 / 3.2, 1.1 / 3.2, 1.1 / 1.2, 0.1 / 1.2]
    link = 1 - math.log(1 + 2) / math.log(1000)
    cosine = 1 / math.sqrt(1 * 2)
    expected = [priors[2] * link + priors[3] * cosine, 0, priors[0] * link, priors[0] * cosine]
    assert votes == pytest.approx(expected, abs=1e-6)
    weights = [p * (0.05 + v) for p, v in zip(priors, expected, strict=True)]
    sums = [sum(weights[:2])] * 2 + [sum(weights[2:])] * 2
    assert scores == pytest.approx([w / s for w, s in zip(weights, sums, strict=True)], abs=1e-6)


def test_a_prior_that_is_set_counts() -> None:
    rules = reference.Rules(method="commonness")
    world = World(3)
    nodes, _ = world.gathered([*range(len(world.known))], rules)
    prior = world.random.random(len(nodes.entities))
    nodes.set_prior(prior)
    found = kernel.rank(world.kernel_graph, nodes, kernel.ranking_rules(method="commonness"))
    np.testing.assert_array_equal(found.scores, prior)
    best = [
        a + int(prior[a:b].argmax()) if a < b else -1
        for a, b in itertools.pairwise(nodes.node_offsets.tolist())
    ]
    assert found.chosen.tolist() == best


def test_without_added_forms_and_without_mentions() -> None:
    world = World(4)
    world.arguments |= {"added": None, "added_candidates": None}
    rules = reference.Rules()
    nodes, form_of = world.gathered([], rules)
    assert (nodes.keys, form_of.tolist(), nodes.node_offsets.tolist()) == ([], [], [0])
    assert kernel.rank(world.kernel_graph, nodes, kernel.ranking_rules()).chosen.tolist() == []
    mentions = [0, 1, 0]
    nodes, form_of = world.gathered(mentions, rules)
    forms = reference.gather(mentions, world.known, world.graph, rules, {}, 1.0)
    assert form_of.tolist() == [0, 1, 0]
    check_ranking(world, nodes, forms, rules)


def strings(*texts: str) -> kernel.Strings:
    return kernel.Strings.of(texts)


def array(kind: type, *values: float) -> NDArray[Any]:
    return np.array(values, kind)


def spotted(text: bytes, **edges: NDArray[np.uint8]) -> kernel.Spots:
    forms = forms_of([reference.Form("ab", 1, 1)])
    table = characters(ENGLISH)
    return kernel.spot(forms, None, text, table, min_link_probability=0, shorter_wins=5, **edges)


def spans(offsets: Sequence[int], starts: Sequence[int], ends: Sequence[int]) -> kernel.KeyColumn:
    return kernel.form_keys_of_spans(
        strings("ab", "cd"), np.array(offsets, np.int64), np.array(starts, np.int32),
        np.array(ends, np.int32), characters(ENGLISH), 3,
    )  # fmt: skip


def one_form(**changed: Any) -> Any:
    usual = {
        "keys": sorted_strings(["ab"]), "link_documents": array(np.uint32, 1),
        "documents": array(np.uint32, 1), "lower_forms": array(np.int32, 0),
        "lower_link_documents": array(np.uint32, 1), "lower_documents": array(np.uint32, 1),
    }  # fmt: skip
    return kernel.forms(max_words=1, **{**usual, **changed})


def counters(documents: int, lower: int, threads: int = 1) -> Any:
    counts = (np.zeros(size, np.uint32) for size in (documents, lower))
    return kernel.document_counters(
        sorted_strings(["ab"]), 1, characters(ENGLISH), *counts, threads
    )


def graph_of_one(**changed: Any) -> Any:
    usual = {
        "in_degrees": array(np.uint32, 0), "pages": 10.0, "in_links": number_lists([[]]),
        "out_links": number_lists([[]]), "titles": strings("A"), "added_titles": strings(),
        "characters": characters(ENGLISH),
    }  # fmt: skip
    return kernel.entity_graph(**{**usual, **changed})


def gathered(*mentions: int, **changed: Any) -> Any:
    usual = {
        "base": one_form(), "candidates": candidates_of([[(0, 1)]]), "added": None,
        "added_candidates": None, "graph": graph_of_one(), "rules": kernel.ranking_rules(),
        "factors": kernel.factors(array(np.int32), array(float), 1.0),
        "mentions": np.array(mentions, np.int64),
    }  # fmt: skip
    return kernel.gather(**{**usual, **changed})[0]


def nodes_of_one(**changed: Any) -> Any:
    usual = {
        "keys": ["ab"], "positions": [[0]], "node_offsets": array(np.int32, 0, 1),
        "entities": array(np.int32, 0), "counts": array(np.uint32, 1), "graph": graph_of_one(),
        "rules": kernel.ranking_rules(),
    }  # fmt: skip
    return kernel.form_nodes(**{**usual, **changed})


def ranking_of_one() -> Any:
    return kernel.rank(graph_of_one(), nodes_of_one(), kernel.ranking_rules())


def keys_at(*offsets: int) -> Any:
    bad = kernel.Strings(array(np.uint8, 97, 98), np.array(offsets, np.int64))
    return kernel.form_keys(bad, characters(ENGLISH), 3)


def strings_at(offsets: Sequence[int], heads: int = 1, count: int = 1) -> Any:
    data, offset_array = array(np.uint8, 1, 97), np.array(offsets, np.int64)
    return kernel.sorted_strings(data, offset_array, np.zeros(heads, np.uint64), count)


def test_what_errors_are_made_of_is_right_by_itself() -> None:
    assert keys_at(0, 2).data.tobytes() == b"ab"
    assert strings_at([0, 2]).find("a") == (0, True, False)
    assert spotted(b"ab", may_start=array(np.uint8, 1), may_end=array(np.uint8, 1)).ends == [2]
    assert spans([0, 1, 2], [0, 0], [2, 2]).data.tobytes() == b"abcd"
    assert one_form().link_probability(0, True) == 1
    counters(1, 1).add(*strings("a"), *strings("b"))
    assert gathered(0).prior == nodes_of_one().prior == [1.0]
    assert ranking_of_one().votes_for(0, 9) == []


NO_EDGE = "there must be an edge for each token"
NO_DOCUMENTS = "there must be documents for each form"
NO_COUNTERS = "there must be a counter for each form"
NO_CANDIDATES = "there must be candidates for each form"
ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: keys_at(), "offsets must not be empty"),
    (lambda: keys_at(0, 3), "offsets must lie within the bytes"),
    (lambda: keys_at(-1, 2), "offsets must lie within the bytes"),
    (lambda: keys_at(0, 2, 1), "offsets must rise"),
    (lambda: kernel.compress_strings(kernel.Strings(array(np.uint8, 97), array(np.int64, 0, 1, 0))),
     "offsets must rise"),
    (lambda: spans([0, 1], [0], [1]), "there must be spans for each text"),
    (lambda: spans([0, 1, 2], [0], [1]), "there must be spans for each text"),
    (lambda: spans([0, 0, 1], [0], [1, 2]), "there must be spans for each text"),
    (lambda: spans([0, 9, 1], [0], [1]), "there must be spans for each text"),
    (lambda: spans([-1, 0, 1], [0], [1]), "there must be spans for each text"),
    (lambda: strings_at([0, 3]), "offsets must lie within the bytes"),
    (lambda: strings_at([0, 2], heads=2), "there must be a head for each block"),
    (lambda: strings_at([0, 2], count=33), "there must be a head for each block"),
    (lambda: strings_at([0, 2], count=-1), "there must be a head for each block"),
    (lambda: strings_at([0, 1, 2]), "there must be a head for each block"),
    (lambda: strings_at([0, 2]).between(0, 2), "no such strings"),
    (lambda: strings_at([0, 2]).between(-1, 1), "no such strings"),
    (lambda: strings_at([0, 2]).between(1, 0), "no such strings"),
    (lambda: kernel.number_lists(array(np.uint8, 1), array(np.int64, 0, 2)), "within the bytes"),
    (lambda: number_lists([[1]]).row(-1), "no such row"),
    (lambda: number_lists([[1]]).row(1), "no such row"),
    (lambda: one_form(link_documents=array(np.uint32)), NO_DOCUMENTS),
    (lambda: one_form(documents=array(np.uint32, 1, 2)), NO_DOCUMENTS),
    (lambda: one_form(lower_documents=array(np.uint32)), f"{NO_DOCUMENTS} in lower case"),
    (lambda: one_form(lower_link_documents=array(np.uint32)), f"{NO_DOCUMENTS} in lower case"),
    (lambda: one_form().link_probability(1, False), "no such form"),
    (lambda: one_form().link_probability(-1, False), "no such form"),
    (lambda: spotted(b"ab cd", may_start=array(np.uint8, 1)), NO_EDGE),
    (lambda: spotted(b"ab cd", may_end=array(np.uint8, 1, 1, 1)), NO_EDGE),
    (lambda: counters(2, 1), NO_COUNTERS),
    (lambda: counters(1, 0), NO_COUNTERS),
    (lambda: counters(1, 1, threads=0), NO_COUNTERS),
    (lambda: counters(1, 1).add(*strings("a", "b"), *strings("a")), "a title for each text"),
    (lambda: counters(1, 1).add(*strings("a"), array(np.uint8), array(np.int64, 0, 1)),
     "offsets must lie within the bytes"),
    (lambda: kernel.candidates(array(np.int64, 0, 2), array(np.int32, 1), array(np.uint32, 1)),
     "there must be a count for each candidate"),
    (lambda: kernel.candidates(array(np.int64, -1, 1), array(np.int32, 1), array(np.uint32, 1)),
     "offsets must lie between 0 and 4 GiB"),
    (lambda: kernel.number_lists(array(np.uint8, 1), array(np.int64, 0, 2**32)),
     "offsets must lie between 0 and 4 GiB"),
    (lambda: kernel.candidates(array(np.int64), array(np.int32), array(np.uint32)),
     "there must be a count for each candidate"),
    (lambda: kernel.candidates(array(np.int64, 0, 1), array(np.int32, 1), array(np.uint32)),
     "there must be a count for each candidate"),
    (lambda: graph_of_one(titles=strings("A", "B")), "there must be a title for each entity"),
    (lambda: kernel.factors(array(np.int32, 1), array(float), 1.0), "a factor for each entity"),
    (lambda: kernel.ranking_rules(method="pagerank"), "unknown method: pagerank"),
    (lambda: gathered(1), "no such form"),
    (lambda: gathered(-1), "no such form"),
    (lambda: gathered(0, candidates=candidates_of([])), NO_CANDIDATES),
    (lambda: gathered(1, added=one_form()), NO_CANDIDATES),
    (lambda: gathered(0, added_candidates=candidates_of([])), NO_CANDIDATES),
    (lambda: gathered(1, added=one_form(), added_candidates=candidates_of([])), NO_CANDIDATES),
    (lambda: gathered(0, candidates=candidates_of([[(1, 1)]])), "no such entity"),
    (lambda: gathered(0, candidates=candidates_of([[(-1, 1)]])), "no such entity"),
    (lambda: nodes_of_one(keys=["ab", "cd"]), "forms and nodes must fit together"),
    (lambda: nodes_of_one(counts=array(np.uint32)), "forms and nodes must fit together"),
    (lambda: nodes_of_one(node_offsets=array(np.int32, 0, 2)), "forms and nodes must fit together"),
    (lambda: nodes_of_one(node_offsets=array(np.int32, 1, 1)), "offsets must rise"),
    (lambda: nodes_of_one(keys=["a", "b"], positions=[[0], [1]],
                          node_offsets=array(np.int32, 0, 7, 1)), "offsets must rise"),
    (lambda: nodes_of_one(positions=[[]]), "a form must stand somewhere"),
    (lambda: nodes_of_one(entities=array(np.int32, 1)), "no such entity"),
    (lambda: nodes_of_one().set_prior(array(float, 1, 1)), "there must be a prior for each node"),
    (lambda: kernel.rank(graph_of_one(in_degrees=array(np.uint32), titles=strings()),
                         nodes_of_one(), kernel.ranking_rules()), "no such entity"),
    (lambda: ranking_of_one().votes_for(1, 9), "no such node"),
    (lambda: ranking_of_one().votes_for(-1, 9), "no such node"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "text"), ERRORS)
def test_what_does_not_fit_is_refused(wrong: Callable[[], Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        wrong()


@pytest.fixture
def collects_new_objects() -> Iterator[None]:
    """The objects of all other tests, which take a quarter of a second, stay as they are."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(
    "make",
    [
        lambda keep: kernel.number_lists(keep(array(np.uint8)), keep(array(np.uint32, 0))),
        lambda keep: kernel.candidates(
            keep(array(np.uint32, 0)), keep(array(np.int32)), keep(array(np.uint32))
        ),
        lambda keep: kernel.factors(keep(array(np.int32)), keep(array(float)), 1.0),
        lambda keep: kernel.sorted_strings(
            keep(array(np.uint8)), keep(array(np.int64, 0)), keep(array(np.uint64)), 0
        ),
        lambda keep: one_form(
            link_documents=keep(array(np.uint32, 1)), documents=keep(array(np.uint32, 1)),
            lower_forms=keep(array(np.int32, 0)), lower_documents=keep(array(np.uint32, 1)),
            lower_link_documents=keep(array(np.uint32, 1)),
        ),
        lambda keep: kernel.document_counters(
            kernel.sorted_strings(keep(array(np.uint8)), array(np.int64, 0), array(np.uint64), 0),
            1, keep(characters(ENGLISH).copy()), keep(array(np.uint32)), keep(array(np.uint32)), 1,
        ),
        lambda keep: kernel.rank(
            graph_of_one(
                in_degrees=keep(array(np.uint32, 0)), characters=keep(characters(ENGLISH).copy()),
                titles=kernel.Strings(keep(array(np.uint8)), keep(array(np.uint32, 0, 0))),
                added_titles=kernel.Strings(keep(array(np.uint8)), keep(array(np.int64, 0))),
                in_links=kernel.number_lists(keep(array(np.uint8)), keep(array(np.uint32, 0, 0))),
                out_links=kernel.number_lists(keep(array(np.uint8)), keep(array(np.uint32, 0, 0))),
            ),
            nodes_of_one(), kernel.ranking_rules(),
        ),
    ],
)  # fmt: skip
def test_objects_keep_their_arrays(
    collects_new_objects: None, make: Callable[[Callable[[Any], Any]], Any]
) -> None:
    kept = list[weakref.ref[Any]]()

    def keep(array: NDArray[Any]) -> NDArray[Any]:
        kept.append(weakref.ref(array))
        return array

    made = make(keep)
    gc.collect()
    assert all(ref() is not None for ref in kept)
    del made
    gc.collect()
    assert not any(ref() is not None for ref in kept)
