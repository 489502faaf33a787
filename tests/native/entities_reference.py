"""What the kernels of entities must do, step by step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import regex
from numpy.typing import NDArray

from nlp_engine.languages import Language

# A character of a script without spaces; what else makes words; both end below U+40000.
_SINGLE = (
    r"(?=[\p{L}\p{N}])[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"(?<=[\0-\U0003FFFF])"
)
_WORD = r"[\p{L}\p{M}\p{N}](?<=[\0-\U0003FFFF])"
_TOKEN = regex.compile(
    rf"{_SINGLE}(?:(?=\p{{M}}){_WORD})*|(?!\p{{M}}|{_SINGLE}){_WORD}(?:(?!{_SINGLE}){_WORD})*"
)
_BLOCK = 32


class Token(NamedTuple):
    """`text[start:end]`, folded, and whether it has lower-case letters and no upper-case ones."""

    key: str
    start: int
    end: int
    lower: bool


def tokens(text: str, language: Language) -> list[Token]:
    """The tokens of a text."""
    return [
        Token(
            "".join(_folded(character, language) for character in match.group()),
            *match.span(),
            bool(regex.search(r"\p{Ll}", match.group()))
            and not regex.search(r"[\p{Lu}\p{Lt}]", match.group()),
        )
        for match in _TOKEN.finditer(text)
    ]


def _folded(character: str, language: Language) -> str:
    low = language.lower(character)
    return (low if len(low) == 1 else character).replace("ς", "σ")


def form_key(text: str, language: Language, max_words: int) -> tuple[str, bool]:
    """The key of a form, "" if it is none, and whether it is one word in lower case."""
    found = tokens(text, language)
    key = " ".join(token.key for token in found)
    if len(found) > max_words or len(key) < 2 or not regex.search(r"\p{L}", key):
        return "", False
    return key, len(found) == 1 and found[0].lower


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all bytes but the last have the highest bit."""
    return (bytes([value & 127 | 128]) + varint(value >> 7)) if value > 127 else bytes([value])


def compressed(strings: Sequence[bytes]) -> tuple[list[bytes], list[int]]:
    """The blocks of sorted strings, and the first eight bytes of each as a number."""
    blocks, heads = list[bytes](), list[int]()
    for i, string in enumerate(strings):
        if i % _BLOCK == 0:
            heads.append(int.from_bytes(string[:8].ljust(8, b"\0"), "big"))
            blocks.append(varint(len(string)) + string)
            continue
        both = zip(strings[i - 1], string, strict=False)
        same = len([*itertools.takewhile(lambda pair: pair[0] == pair[1], both)])
        blocks[-1] += varint(same) + varint(len(string) - same) + string[same:]
    return blocks, heads


@dataclass(frozen=True)
class Form:
    """A form and the pages where it is a link, and where it stands; likewise in lower case."""

    key: str
    link_documents: int
    documents: int
    lower: tuple[int, int] | None = None

    def link_probability(self, lower: bool) -> float:
        """Share of the pages with the form where it is a link."""
        linked, all_ = (self.link_documents, self.documents) if not lower else self.lower or (0, 0)
        return min(linked / all_, 1.0) if all_ else 0.0


class Spot(NamedTuple):
    """A mention: its place in the text, its form, and that form's link probability."""

    start: int
    end: int
    form: Form
    link_probability: float


def spot(
    text: str,
    base: Mapping[str, Form],
    added: Mapping[str, Form],
    language: Language,
    *,
    min_link_probability: float,
    shorter_wins: float,
    may_start: Sequence[bool] | None = None,
    may_end: Sequence[bool] | None = None,
) -> list[Spot]:
    """All stretches of tokens that are forms, without those that overlap with better ones."""
    found = tokens(text, language)
    known = {**base, **added}
    spots = list[tuple[int, int, float, Form]]()
    for first, last in itertools.combinations_with_replacement(range(len(found)), 2):
        form = known.get(" ".join(token.key for token in found[first : last + 1]))
        allowed = (not may_start or may_start[first]) and (not may_end or may_end[last])
        if form and allowed:
            probability = form.link_probability(first == last and found[first].lower)
            if probability >= min_link_probability:
                spots.append((first, last, probability, form))
    kept = list[tuple[int, int, float, Form]]()
    for first, last, probability, form in sorted(spots, key=lambda s: (s[0] - s[1], s[0])):
        inside = [p for a, b, p, _ in spots if first <= a and b <= last]
        beaten = any(p > probability and p >= shorter_wins * probability for p in inside)
        if not beaten and all(b < first or last < a for a, b, *_ in kept):
            kept.append((first, last, probability, form))
    return [
        Spot(found[first].start, found[last].end, form, probability)
        for first, last, probability, form in sorted(kept, key=lambda s: s[0])
    ]


def count_documents(
    documents: Sequence[tuple[str, str]], keys: Sequence[str], language: Language
) -> tuple[list[int], list[int]]:
    """Titles and texts with each form, and those with it as a word in lower case."""
    counts, lower_counts = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0)
    for document in documents:
        seen, in_lower_case = set[str](), set[str]()
        for part in document:
            found = tokens(part, language)
            for first, last in itertools.combinations_with_replacement(range(len(found)), 2):
                seen.add(" ".join(token.key for token in found[first : last + 1]))
            in_lower_case |= {token.key for token in found if token.lower}
        for key in seen & counts.keys():
            counts[key] += 1
        for key in in_lower_case & counts.keys():
            lower_counts[key] += 1
    return [*counts.values()], [*lower_counts.values()]


@dataclass(frozen=True)
class Graph:
    """Entities, those behind `in_links` without links; `out_links` may tell of other links."""

    in_links: Sequence[set[int]]
    out_links: Sequence[set[int]]
    titles: Sequence[str]
    pages: float
    language: Language

    def sources(self, entity: int) -> set[int]:
        """Who links to an entity."""
        return self.in_links[entity] if entity < len(self.in_links) else set()

    def in_degree(self, entity: int) -> int:
        """How many link to an entity."""
        return len(self.sources(entity))

    def linked(self, a: int, b: int) -> bool:
        """Whether one links to the other."""
        return any(x < len(self.out_links) and y in self.out_links[x] for x, y in ((a, b), (b, a)))

    def shared(self, a: int, b: int) -> int:
        """How many link to both."""
        return len(self.sources(a) & self.sources(b))

    def milne_witten(self, a: int, b: int, min_shared: float) -> float:
        """Milne and Witten's relatedness, 0 to 1."""
        if a == b:
            return 1.0
        both = self.shared(a, b)
        if not both or both < min_shared:
            return 0.0
        small, large = sorted((self.in_degree(a), self.in_degree(b)))
        if self.pages <= small:
            return float(both >= large)
        distance = (math.log(large) - math.log(both)) / (math.log(self.pages) - math.log(small))
        return min(max(1 - distance, 0.0), 1.0)

    @cached_property
    def keys(self) -> list[str]:
        """The titles' tokens, joined by spaces."""
        return [" ".join(t.key for t in tokens(title, self.language)) for title in self.titles]


@dataclass(frozen=True)
class Rules:
    """Rules with their defaults, by the names that the kernel has."""

    method: str = "collective"
    window: int = 30
    max_candidates: int = 30
    min_links: int = 0
    prior_share: float = 0.15
    passes: int = 2
    same: float = 0.5
    link: float = 1.0
    cocitation: float = 1.0
    title_words: float = 0.1
    added_count: float = 0.1
    title_bonus: float = 2.0
    in_degree_power: float = 0.1
    epsilon: float = 0.3
    epsilon_by_rank: bool = False
    tau: float = 0.02
    tau_for_votes: bool = False
    divide_votes: bool = True
    min_shared: float = 1
    direct_links: bool = False
    link_without_votes: bool = False


@dataclass
class FormNodes:
    """A form, the numbers of its mentions, and its candidates."""

    key: str
    positions: list[int]
    entities: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    commonness: list[float] = field(default_factory=list)
    prior: list[float] = field(default_factory=list)


def gather(
    mentions: Sequence[int],
    known: Sequence[tuple[str, Sequence[tuple[int, int]]]],
    graph: Graph,
    rules: Rules,
    factors: Mapping[int, float],
    others: float,
) -> list[FormNodes]:
    """The different forms of mentions; `known` has keys and candidates (entity, links)."""
    forms = dict[int, FormNodes]()
    for position, number in enumerate(mentions):
        forms.setdefault(number, FormNodes(known[number][0], [])).positions.append(position)
    for number, form in forms.items():
        candidates = known[number][1]
        links = sum(count for _, count in candidates)
        kept = [
            (entity, count)
            for entity, count in candidates
            if count >= rules.min_links and factors.get(entity, others) > 0
        ]
        for entity, count in kept[: rules.max_candidates]:
            form.entities.append(entity)
            form.counts.append(count)
            form.commonness.append(count / links if links else 1 / len(candidates))
        set_prior(form, graph, rules, factors, others)
    return [*forms.values()]


def set_prior(
    form: FormNodes, graph: Graph, rules: Rules, factors: Mapping[int, float], others: float
) -> None:
    """What a form means most likely, without its neighbours."""
    prior = np.array(form.commonness)
    if rules.method == "collective" and any(form.counts):
        whole = np.array([graph.keys[entity] == form.key for entity in form.entities])
        prior = np.array(form.counts) + rules.added_count + rules.title_bonus * whole
    elif rules.method == "collective":
        degrees = np.array([graph.in_degree(entity) for entity in form.entities])
        prior = (degrees + 1.0) ** rules.in_degree_power
    prior = prior * [factors.get(entity, others) for entity in form.entities]
    form.prior = _shares(prior).tolist()


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values / values.sum() if values.sum() > 0 else values


class Parts(NamedTuple):
    """How a voter hangs together with a candidate."""

    link: float = 0.0
    cocitation: float = 0.0
    title_words: float = 0.0
    same: float = 0.0
    related: float = 0.0


@dataclass(frozen=True)
class Ranked:
    """By node, all forms' candidates in a row; `chosen` holds nodes or -1."""

    scores: NDArray[np.float64]
    votes: NDArray[np.float64]
    voters: NDArray[np.float64]
    chosen: list[int]


class Ranking:
    """Ranks the candidates of forms."""

    def __init__(self, graph: Graph, forms: Sequence[FormNodes], rules: Rules) -> None:
        self.graph, self.forms, self.rules = graph, forms, rules
        self.entities = [entity for form in forms for entity in form.entities]
        self.form_of = [f for f, form in enumerate(forms) for _ in form.entities]
        ends = np.cumsum([0, *(len(form.entities) for form in forms)])
        self.ranges = [range(a, b) for a, b in itertools.pairwise(ends.tolist())]
        self.prior = np.array([prior for form in forms for prior in form.prior])
        if rules.method == "collective":
            self.near = [[self._in_reach(a, b) for b in forms] for a in forms]
        else:
            self.near = [[*self._neighbours(a)] for a in range(len(forms))]

    def _in_reach(self, a: FormNodes, b: FormNodes) -> bool:
        """The first mention of one stands near any of the other."""
        gaps = [abs(x - b.positions[0]) for x in a.positions]
        gaps += [abs(x - a.positions[0]) for x in b.positions]
        return a is not b and min(gaps) <= self.rules.window

    def _neighbours(self, form: int) -> Iterator[bool]:
        """The same number on both sides, where there are so many."""
        count, window = len(self.forms), self.rules.window
        first = max(form - window // 2, 0)
        first = min(first, count - 1 - window)
        for other in range(count):
            within = count <= 2 * window or first <= other <= first + window
            yield within and other != form

    def parts(self, i: int, j: int) -> Parts:
        """How near nodes hang together."""
        a, b, rules, graph = self.entities[i], self.entities[j], self.rules, self.graph
        if rules.method == "tagme" and rules.direct_links:
            return Parts(related=float(a == b or graph.linked(a, b)))
        if rules.method == "tagme":
            return Parts(related=graph.milne_witten(a, b, rules.min_shared))
        if a == b:
            return Parts(same=rules.same)
        degrees = graph.in_degree(a), graph.in_degree(b)
        hub = math.log(max(degrees) + 2) / math.log(max(graph.pages, 2))
        link = rules.link * max(1 - hub, 0.0) if graph.linked(a, b) else 0.0
        cosine = graph.shared(a, b) / math.sqrt(max(degrees[0], 1) * max(degrees[1], 1))
        mine, theirs = self._title_words(i), self._title_words(j)
        words = len(mine & theirs) / math.sqrt(max(len(mine), 1) * max(len(theirs), 1))
        return Parts(link, rules.cocitation * cosine, rules.title_words * words)

    def _title_words(self, node: int) -> set[str]:
        """Those that the node's form has not."""
        words = {*self.graph.keys[self.entities[node]].split(" ")}
        return words - {"", *self.forms[self.form_of[node]].key.split(" ")}

    def _related(self) -> NDArray[np.float64]:
        nodes = range(len(self.entities))
        return np.array(
            [
                [
                    sum(self.parts(i, j)) if self.near[self.form_of[i]][self.form_of[j]] else 0.0
                    for j in nodes
                ]
                for i in nodes
            ]
        ).reshape(len(nodes), len(nodes))

    def rank(self) -> Ranked:
        """What the rules' method says."""
        return getattr(self, f"_{self.rules.method}")()

    def _commonness(self) -> Ranked:
        nothing = np.zeros(len(self.entities))
        return Ranked(self.prior, nothing, nothing, self._best(self.prior))

    def _collective(self) -> Ranked:
        related, q = self._related(), self.prior
        votes = voters = np.zeros_like(q)
        for _ in range(self.rules.passes):
            voters, votes = q, related @ q
            q = self._normalised(self.prior * (self.rules.prior_share + votes))
        return Ranked(q, votes, voters, self._best(q))

    def _tagme(self) -> Ranked:
        voters = self.prior.copy()
        if self.rules.tau_for_votes:
            voters[voters < self.rules.tau] = 0
        if self.rules.divide_votes:
            voters /= [len(self.forms[f].entities) for f in self.form_of] or 1
        votes = self._related() @ voters
        scores = self.prior.copy()
        for nodes in self.ranges:
            if votes[nodes].any():
                scores[nodes] = _shares(votes[nodes])
        return Ranked(scores, votes, voters, [self._by_threshold(n, votes) for n in self.ranges])

    def _by_threshold(self, nodes: range, votes: NDArray[np.float64]) -> int:
        allowed = [i for i in nodes if self.prior[i] >= self.rules.tau] or [*nodes[:1]]
        if not allowed:
            return -1
        best = max(votes[allowed])
        if best <= 0 and len(allowed) > 1 and not self.rules.link_without_votes:
            return -1
        if self.rules.epsilon_by_rank:
            count = max(math.ceil(self.rules.epsilon * len(allowed)), 1)
            near_best = sorted(allowed, key=lambda i: -votes[i])[:count]
        else:
            least = (1 - self.rules.epsilon) * best
            near_best = [i for i in allowed if votes[i] > least or votes[i] == best]
        return min(near_best, key=lambda i: (-self.prior[i], i))

    def _best(self, scores: NDArray[np.float64]) -> list[int]:
        return [max(nodes, key=lambda i: scores[i]) if nodes else -1 for nodes in self.ranges]

    def _normalised(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        shares = [_shares(values[nodes]) for nodes in self.ranges]
        return np.concatenate([np.empty(0), *shares])

    def coherence(self, chosen: Sequence[int]) -> list[float]:
        """Each chosen entity's mean relatedness to those near it."""
        means = []
        for a, node in enumerate(chosen):
            related = [
                self.graph.milne_witten(
                    self.entities[node], self.entities[other], self.rules.min_shared
                )
                for b, other in enumerate(chosen)
                if node >= 0 and other >= 0 and self.near[a][b]
            ]
            means.append(sum(related) / len(related) if related else 0.0)
        return means
