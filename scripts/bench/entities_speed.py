"""How fast texts are linked with a knowledge base of a real wiki, on one core."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import entities_links

from nlp_engine.entities.forms import FormText, tokens
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.native import entities as kernel
from nlp_engine.wiki.shards import read_articles

_WORDS = 200
_TEXTS = 1000
_ROUNDS = 5


def texts(folder: Path, count: int = _TEXTS) -> list[str]:
    """Pieces of articles with 200 words each."""
    found: list[str] = []
    for article in read_articles(folder):
        words = article.text.split()
        for begin in range(0, len(words) - _WORDS, 10 * _WORDS):
            found.append(" ".join(words[begin : begin + _WORDS]))
            if len(found) == count:
                return found
    return found


def _seconds(work: Callable[[], object]) -> float:
    """The median of several calls."""
    measured = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        work()
        measured.append(time.perf_counter() - started)
    return statistics.median(measured)


def table(data: Path, cache: Path) -> None:
    """Print times with the knowledge base of es_vital."""
    source = entities_links.extracted("es_vital", data, cache)
    kb = entities_links.knowledge_base("es_vital", data, cache)
    some = texts(source)
    prepared = [FormText.of(text).utf8 for text in some]
    count = sum(len(tokens(text, kb.language)) for text in some)

    def spot_all() -> None:
        for utf8 in prepared:
            kernel.spot(
                kb.forms, None, utf8, kb.characters, min_link_probability=0.02, shorter_wins=5.0
            )

    spotting = _seconds(spot_all)
    print("| es_vital, texts of 200 words, one core | |\n|---|---|")
    print(f"| spotting | {1e6 * spotting / count:.2f} µs per token |")
    for method in ("commonness", "tagme", "collective"):
        ranker = EntityRanker(kb, method=method)
        ranker.link(some[0])
        each = []
        for text in some[:200]:
            started = time.perf_counter()
            ranker.link(text)
            each.append(time.perf_counter() - started)
        bulk = _seconds(lambda ranker=ranker: [ranker.link(text) for text in some])
        print(
            f"| {method} | {1000 * statistics.median(each):.2f} ms a text (median of 200), "
            f"{len(some) / bulk:,.0f} texts/s |",
            flush=True,
        )
