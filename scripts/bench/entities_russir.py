"""Commonness on the snippets of RuSSIR 2016: numbers of links by mention, published scores."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlp_engine.entities.characters import characters
from nlp_engine.languages import language
from nlp_engine.native import entities as kernel

# Precision, recall and F1 of commonness by the least score (README.md of the exercise).
PUBLISHED = {
    0.5: (0.4407, 0.5629, 0.4944),
    0.7: (0.4533, 0.4675, 0.4603),
    0.9: (0.6000, 0.3532, 0.4446),
}
_TOTAL = "_total"
_MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mention with its entity."""

    mention: str
    entity: str
    score: float = 1.0


def rows(path: Path) -> list[list[str]]:
    """The rows of a file of tab-separated values."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def commonness(folder: Path) -> dict[str, list[Annotation]]:
    """The most common entity of every n-gram of the snippets that is a mention, by snippet."""
    links: dict[str, dict[str, int]] = defaultdict(dict)
    for mention, entity, count in rows(folder / "mention_entity.tsv"):
        links[mention][entity] = int(count)
    found = {}
    for number, text in rows(folder / "snippets.txt"):
        words = re.sub(r"[^a-z0-9]+", " ", text.lower()).split()
        grams = {
            " ".join(words[i:j])
            for i in range(len(words))
            for j in range(i + 1, min(i + _MOST_WORDS, len(words)) + 1)
        }
        mentions = sorted(gram for gram in grams if gram in links)
        found[number] = _ranked(mentions, links)
    return found


def _ranked(mentions: Sequence[str], links: Mapping[str, Mapping[str, int]]) -> list[Annotation]:
    """By the kernel, whose commonness is a share of all links of the mention."""
    titles = sorted({entity for mention in mentions for entity in links[mention]} - {_TOTAL})
    number = {title: i for i, title in enumerate(titles)}
    entities, counts, offsets = list[int](), list[int](), [0]
    rest = len(titles)  # what the total counts beyond the entities named, as one more entity
    for mention in mentions:
        own = dict(links[mention])
        total = own.pop(_TOTAL)
        ranked = sorted(own, key=lambda entity: -own[entity])
        entities += [number[entity] for entity in ranked]
        counts += [own[entity] for entity in ranked]
        if total > sum(own.values()):
            entities.append(rest)
            counts.append(total - sum(own.values()))
        offsets.append(len(entities))
    none = np.zeros(len(titles) + 2, np.int64)
    lists = kernel.number_lists(np.empty(0, np.uint8), none)
    graph = kernel.entity_graph(
        in_degrees=np.zeros(len(titles) + 1, np.uint32),
        pages=len(titles),
        in_links=lists,
        out_links=lists,
        titles=kernel.Strings.of([*titles, ""]),
        added_titles=kernel.Strings.of([]),
        characters=characters(language("en")),
    )
    rules = kernel.ranking_rules(method="commonness")
    nodes = kernel.form_nodes(
        keys=mentions,
        positions=[[i] for i in range(len(mentions))],
        node_offsets=np.array(offsets, np.int32),
        entities=np.array(entities, np.int32),
        counts=np.array(counts, np.uint32),
        graph=graph,
        rules=rules,
    )
    shares = nodes.commonness
    annotations = []
    for mention, node in zip(mentions, kernel.rank(graph, nodes, rules).chosen, strict=True):
        if entities[node] != rest:
            annotations.append(Annotation(mention, titles[entities[node]], float(shares[node])))
    return annotations


def gold(folder: Path) -> dict[str, list[Annotation]]:
    """The annotations of people."""
    found = defaultdict(list)
    for number, _, entity, mention, _ in rows(folder / "qrels.txt"):
        found[number].append(Annotation(mention, entity))
    return found


def score(
    found: Mapping[str, Iterable[Annotation]], wanted: Mapping[str, Sequence[Annotation]]
) -> tuple[float, float, float]:
    """Precision, recall and F1, macro-averaged over snippets as by Hasibi et al., ECIR 2016.

    Two annotations agree if they have the same entity and one mention lies in the other. As in the
    published evaluation, precision counts the annotations that are found, and
    answers that agree with none.
    """

    def agrees(a: Annotation, b: Annotation) -> bool:
        same = a.entity.lower() == b.entity.lower()
        return same and (a.mention in b.mention or b.mention in a.mention)

    precision, recall = list[float](), list[float]()
    for number, own in wanted.items():
        answers = list(found.get(number, ()))
        wrong = sum(not any(agrees(a, b) for b in own) for a in answers)
        hit = sum(any(agrees(a, b) for a in answers) for b in own)
        precision.append(hit / max(hit + wrong, 1))
        recall.append(hit / len(own))
    p, r = float(np.mean(precision)), float(np.mean(recall))
    return p, r, 2 * p * r / (p + r)


def table(folder: Path) -> None:
    """Print measured and published scores."""
    found, wanted = commonness(folder), gold(folder)
    print(
        "| RuSSIR 2016, commonness | precision | recall | F1 | published |\n|---|---|---|---|---|"
    )
    for threshold, published in PUBLISHED.items():
        kept = {
            number: [a for a in annotations if a.score >= threshold]
            for number, annotations in found.items()
        }
        measured = " | ".join(f"{value:.4f}" for value in score(kept, wanted))
        print(f"| at least {threshold} | {measured} | {' / '.join(map(str, published))} |")
