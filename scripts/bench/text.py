"""Speed of sentences, tokens and corpora on one core, beside gensim's WikiCorpus.

    python scripts/bench/text.py TEXT[.bz2|.xz] --language en     sentences and the tokenizer `fast`
    python scripts/bench/text.py DUMP.xml.bz2 --pipeline          dump to tokens, beside gensim

CPU seconds of this process, medians of interleaved rounds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nlp_engine.corpus.build import build_corpus
from nlp_engine.files import open_input
from nlp_engine.languages import language
from nlp_engine.text.sentences import split_sentences
from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer

TEXT_BYTES = 8_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--language", default="en")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pipeline", action="store_true")
    arguments = parser.parse_args()
    if arguments.pipeline:
        bench_pipeline(arguments.source, arguments.rounds)
    else:
        bench_text(arguments.source, arguments.language, arguments.rounds)


def bench_text(source: Path, code: str, rounds: int) -> None:
    with open_input(source) as file:
        raw = file.read(TEXT_BYTES).rpartition(b"\n")[0]
    paragraphs = raw.decode("utf-8").split("\n")
    documents = ["\n".join(paragraphs[i : i + 50]) for i in range(0, len(paragraphs), 50)]
    tokenizer = open_tokenizer(TokenizerSettings(language=code))
    results = interleaved(
        {
            "sentences": lambda: sum(len(split_sentences(d, language(code))) for d in documents),
            "fast": lambda: sum(len(tokenizer.words(p)) for p in paragraphs),
        },
        rounds,
    )
    for name, (seconds, count) in results.items():
        rates = f"{len(raw) / seconds / 1e6:7.1f} MB/s  {count / seconds / 1e6:7.2f} M/s"
        print(f"{code}  {name:10} {count:9,}  {rates}")


def bench_pipeline(dump: Path, rounds: int) -> None:
    def ours() -> int:
        with tempfile.TemporaryDirectory() as folder:
            return build_corpus(dump, Path(folder, "corpus")).counts["tokens"]

    def gensims() -> int:
        return sum(len(words) for words in wikicorpus_texts(dump))

    results = interleaved({"nlp-engine": ours, "gensim": gensims}, rounds)
    for name, (seconds, tokens) in results.items():
        print(f"{name:10} {tokens:9,} tokens  {seconds:6.2f} CPU s")
    print(f"ratio {results['gensim'][0] / results['nlp-engine'][0]:.1f}")


def wikicorpus_texts(dump: Path) -> Iterator[list[str]]:
    """What WikiCorpus does in its workers, in this process, where its CPU time shows."""
    import bz2

    from gensim.corpora.wikicorpus import extract_pages, filter_wiki, tokenize

    with bz2.open(dump) as file:
        for _, text, _ in extract_pages(file, ("0",)):
            yield tokenize(filter_wiki(text), 2, 15, lower=True)


def interleaved(
    functions: dict[str, Callable[[], int]], rounds: int
) -> dict[str, tuple[float, int]]:
    """Median CPU seconds and the result of each function."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    counts = {}
    for _ in range(rounds):
        for name, function in functions.items():
            started = time.process_time()
            counts[name] = function()
            seconds[name].append(time.process_time() - started)
    return {name: (statistics.median(seconds[name]), counts[name]) for name in functions}


if __name__ == "__main__":
    main()
