"""Disambiguation on PPRforNED: all mentions of AIDA-CoNLL with candidates, in-degrees and links."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from nlp_engine.entities.arrays import MappedFolder, write_number_lists
from nlp_engine.entities.characters import characters
from nlp_engine.entities.forms import form_key
from nlp_engine.languages import language
from nlp_engine.native import entities as kernel

_ENGLISH = language("en")
_PAGES = 4_000_000  # of the Wikipedia that the in-degrees were counted in

# Every rule sees mentions as groups that get one answer each.
GROUPINGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "as published": lambda mention: (mention["normal"], tuple(mention["candidates"])),
    "label-free": lambda mention: mention["text"],
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """The graph of all candidates.

    Attributes:
        number: Number of a candidate by its id in the files.
        urls: (E).
        in_degrees: uint32 (E), in the whole Wikipedia.
        graph: For the kernels.
    """

    number: dict[int, int]
    urls: Sequence[str]
    in_degrees: NDArray[np.uint32]
    graph: Any


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracy over linked mentions, times 100.

    Attributes:
        micro: Share of mentions.
        macro_entities: Mean over gold entities, as published.
        macro_documents: Mean over documents.
        milliseconds: Of ranking, for a document, mean.
    """

    micro: float
    macro_entities: float
    macro_documents: float
    milliseconds: float


def read_candidates(folder: Path) -> Candidates:
    """Read the candidates and the links among them."""
    with gzip.open(folder / "candidates.tsv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    number = {int(row["id"]): i for i, row in enumerate(rows)}
    with gzip.open(folder / "edges.tsv.gz", "rt", encoding="utf-8") as file:
        next(file)
        pairs = np.array([[number[int(x)] for x in line.split()] for line in file])
    in_degrees = np.array([int(row["in_count"]) for row in rows], np.uint32)
    titles = [unquote(row["url"].rpartition("/wiki/")[2]).replace("_", " ") for row in rows]
    graph = kernel.entity_graph(
        in_degrees=in_degrees,
        pages=_PAGES,
        in_links=_lists(pairs[:, ::-1], len(rows)),
        out_links=_lists(pairs, len(rows)),
        titles=kernel.Strings.of(titles),
        added_titles=kernel.Strings.of([]),
        characters=characters(_ENGLISH),
    )
    return Candidates(number, [row["url"] for row in rows], in_degrees, graph)


def _lists(pairs: NDArray[np.int64], rows: int) -> Any:
    row, values = np.unique(pairs, axis=0).T
    with tempfile.TemporaryDirectory() as folder:  # what is mapped outlives it
        write_number_lists(Path(folder), "links", rows, [(row, values)])
        return MappedFolder(Path(folder)).number_lists("links")


def read_documents(folder: Path) -> list[dict[str, Any]]:
    """The documents with their mentions."""
    with gzip.open(folder / "mentions.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def score(
    documents: Iterable[dict[str, Any]], candidates: Candidates, grouping: str, **rules: Any
) -> Score:
    """Rank all documents by rules of the kernel."""
    kernel_rules = kernel.ranking_rules(**rules)
    by_entity, by_document = defaultdict(list), list[list[bool]]()
    seconds = 0.0
    count = 0
    for document in documents:
        count += 1
        groups, group_of = _groups(document, GROUPINGS[grouping])
        nodes = _nodes(groups, candidates, kernel_rules, rules["method"])
        started = time.perf_counter()
        ranking = kernel.rank(candidates.graph, nodes, kernel_rules)
        seconds += time.perf_counter() - started
        entities = nodes.entities
        answers = [
            candidates.urls[entities[node]] if node >= 0 else None for node in ranking.chosen
        ]
        own = list[bool]()
        for mention, group in zip(document["mentions"], group_of, strict=True):
            if mention["gold_url"]:
                right = group is not None and answers[group] == mention["gold_url"]
                by_entity[mention["gold_url"]].append(right)
                own.append(right)
        if own:
            by_document.append(own)
    return Score(
        micro=100 * float(np.mean([right for own in by_document for right in own])),
        macro_entities=100 * float(np.mean([np.mean(own) for own in by_entity.values()])),
        macro_documents=100 * float(np.mean([np.mean(own) for own in by_document])),
        milliseconds=1000 * seconds / count,
    )


@dataclass(slots=True)
class _Group:
    text: str
    positions: list[int]
    candidates: dict[int, None]


def _groups(
    document: dict[str, Any], key: Callable[[dict[str, Any]], Any]
) -> tuple[list[_Group], list[int | None]]:
    groups: dict[Any, _Group] = {}
    numbers: dict[Any, int] = {}
    group_of: list[int | None] = []
    for position, mention in enumerate(document["mentions"]):
        if not mention["candidates"]:
            group_of.append(None)
            continue
        own = key(mention)
        numbers.setdefault(own, len(numbers))
        group = groups.setdefault(own, _Group(mention["text"], [], {}))
        group.positions.append(position)
        group.candidates |= dict.fromkeys(mention["candidates"])
        group_of.append(numbers[own])
    return list(groups.values()), group_of


def _nodes(groups: Sequence[_Group], candidates: Candidates, rules: Any, method: str) -> Any:
    entities = [[candidates.number[c] for c in group.candidates] for group in groups]
    flat = np.array([e for own in entities for e in own], np.int32)
    sizes = [len(own) for own in entities]
    # The collective rule flattens in-degrees; for the others they stand in for links.
    counts = candidates.in_degrees[flat] if method != "collective" else np.zeros(len(flat), int)
    return kernel.form_nodes(
        keys=[form_key(group.text, _ENGLISH) for group in groups],
        positions=[group.positions for group in groups],
        node_offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        entities=flat,
        counts=counts.astype(np.uint32),
        graph=candidates.graph,
        rules=rules,
    )


RULES: dict[str, dict[str, Any]] = {
    "commonness (in-degree)": {"method": "commonness"},
    "tagme (direct links, epsilon 0.15)": {
        "method": "tagme",
        "epsilon": 0.15,
        "tau": 0.005,
        "divide_votes": False,
        "direct_links": True,
        "link_without_votes": True,
        "window": 1000,
    },
    "collective": {"method": "collective", "cocitation": 0.0},
}
PUBLISHED = {"personalised PageRank, published": (91.82, 90.16)}


def table(folder: Path) -> None:
    """Print all rules with both groupings."""
    candidates, documents = read_candidates(folder), read_documents(folder)
    print("| PPRforNED | grouping | micro | macro (entities) | macro (documents) | ms/text |")
    print("|---|---|---|---|---|---|")
    for name, (micro, macro) in PUBLISHED.items():
        print(f"| {name} | as published | {micro:.2f} | {macro:.2f} | – | – |")
    for name, rules in RULES.items():
        for grouping in GROUPINGS:
            found = score(documents, candidates, grouping, **rules)
            print(
                f"| {name} | {grouping} | {found.micro:.2f} | {found.macro_entities:.2f} | "
                f"{found.macro_documents:.2f} | {found.milliseconds:.2f} |",
                flush=True,
            )
