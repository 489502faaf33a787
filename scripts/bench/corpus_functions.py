"""Wikitext to text, text to sentences and words: functions on the same pages in one process.

    python scripts/bench/corpus_functions.py DUMP [--rounds 5] [--megabytes 6]

Prints JSON: megabytes (or million tokens) per CPU-second of every function and round. Functions
take turns within a round. `corpus.py` runs this and prints the table.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from extractors import gensim_links, missing_peers, text_extractors
from wiki_pages import WikiPage, article_pages

from nlp_engine.text.sentences import split_sentences
from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer
from nlp_engine.wiki.dump import read_site
from nlp_engine.wiki.wikitext import make_scanner, parse


def first_pages(dump: Path, megabytes: float) -> list[WikiPage]:
    """Pages from the start of a dump."""
    pages, size = list[WikiPage](), 0
    for page in article_pages(dump):
        if size >= megabytes * 1e6:
            break
        pages.append(page)
        size += len(page.wikitext.encode())
    return pages


def page_functions(dump: Path) -> dict[str, Callable[[WikiPage], object]]:
    """What turns a page into text, links, or both, by name."""
    site = read_site(dump)
    scanner = make_scanner(site)
    functions: dict[str, Callable[[WikiPage], object]] = {
        "nlp_engine, columns": lambda page: scanner.extract_wikitext(page.wikitext),
        "nlp_engine, objects": lambda page: parse(page.wikitext, site),
    }
    names = {"gensim": "gensim filter_wiki", "wikiextractor": "wikiextractor clean_text"}
    for name, function in text_extractors().items():
        functions[names.get(name, name)] = function
    if "gensim" not in missing_peers():
        functions["gensim find_interlinks"] = gensim_links
    return functions


def cpu_seconds(function: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """User and system time of a call for each of the inputs."""
    started = time.process_time()
    for given in inputs:
        function(given)
    return time.process_time() - started


def main() -> None:
    """Run the rounds and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dump", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=float, default=6)
    arguments = parser.parse_args()

    pages = first_pages(arguments.dump, arguments.megabytes)
    source = sum(len(page.wikitext.encode()) for page in pages) / 1e6
    functions = page_functions(arguments.dump)
    site = read_site(arguments.dump)
    texts = [parse(page.wikitext, site).text for page in pages]
    tokenizer = open_tokenizer(TokenizerSettings(name="fast", language=site.language.code))
    text = sum(len(text.encode()) for text in texts) / 1e6
    tokens = sum(len(tokenizer.words(text)) for text in texts) / 1e6

    rates: dict[str, list[float]] = {name: [] for name in functions}
    sentences, words = list[float](), list[float]()
    for _ in range(arguments.rounds):
        for name, function in functions.items():
            rates[name].append(source / cpu_seconds(function, pages))
        sentences.append(
            text / cpu_seconds(lambda text: split_sentences(text, site.language), texts)
        )
        words.append(tokens / cpu_seconds(tokenizer.words, texts))
    print(
        json.dumps(
            {
                "pages": len(pages),
                "MB of wikitext": source,
                "MB of text": text,
                "million tokens": tokens,
                "MB of wikitext per CPU-second": rates,
                "sentences, MB of text per CPU-second": sentences,
                "fast, million tokens per CPU-second": words,
            }
        )
    )


if __name__ == "__main__":
    main()
