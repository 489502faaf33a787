"""The texts that trainers are compared on, tokenised once: one paragraph per line, lower-case."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class BenchCorpus:
    """A text and how it becomes words.

    Attributes:
        source: Below the data folder.
        language: Code such as en.
        tokenizer: One of `nlp_engine.text.tokenizers.TOKENIZERS`.
        sets: Which evaluation sets of `vector_scores`.
    """

    name: str
    source: str
    language: str
    tokenizer: str
    sets: str


CORPORA = {
    corpus.name: corpus
    for corpus in (
        BenchCorpus(
            name="en",
            source="text/en_wikipedia/enwiki2015_part1.txt.xz",
            language="en",
            tokenizer="text8",
            sets="english",
        ),
        BenchCorpus(
            name="de",
            source="text/de_wikipedia/dewiki.txt.bz2",
            language="de",
            tokenizer="fast",
            sets="german",
        ),
        BenchCorpus(
            name="ru",
            source="text/ru_ruslit/ruslit_prose.txt.bz2",
            language="ru",
            tokenizer="fast",
            sets="russian",
        ),
    )
}


def data_folder() -> Path:
    """Where the texts and evaluation sets lie: NLP_ENGINE_DATA, or beside the project."""
    beside = Path(__file__).parent / "../../../shared/data"
    return Path(os.environ.get("NLP_ENGINE_DATA", beside))


def prepare(corpus: BenchCorpus, cache: Path, data: Path, max_bytes: int | None = None) -> Path:
    """The corpus as a file in the cache, made at the first call.

    Args:
        max_bytes: Stop at the end of the line that reaches this size.
    """
    size = f"-{max_bytes // 1_000_000}MB" if max_bytes else ""
    out = cache / f"{corpus.name}-{corpus.tokenizer}{size}.txt"
    if out.exists():
        return out
    from nlp_engine.files import open_input
    from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer

    tokenizer = open_tokenizer(TokenizerSettings(name=corpus.tokenizer, language=corpus.language))
    cache.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".part")
    with open_input(data / corpus.source) as source, part.open("wb") as target:
        for line in source:
            if words := tokenizer.words(line.decode("utf-8")):
                target.write(" ".join(words).encode() + b"\n")
            if max_bytes and target.tell() >= max_bytes:
                break
    part.rename(out)
    return out


def file_sha256(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
