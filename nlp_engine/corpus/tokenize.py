"""From documents to tokenised paragraphs, by one process or several."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from nlp_engine.corpus.seen import digest
from nlp_engine.processes import end_with_parent, map_in_order
from nlp_engine.text.tokenizers import Tokenizer, TokenizerSettings, open_tokenizer

_BATCH_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """The words of a document, or of one of its paragraphs.

    Attributes:
        text: Lines with their line breaks; for one-line corpora, words without one.
        digest: Of the paragraph's words where duplicates are looked for, else 0.
    """

    text: str
    digest: int = 0


@dataclass(frozen=True, kw_only=True)
class Tokenization:
    """How documents become pieces.

    Attributes:
        tokenizer: What makes words.
        one_line: Whether a document stays one run of words instead of sentences.
        min_words: Sentences (or runs) with fewer words are left out.
        paragraphs: Whether each paragraph is a piece of its own, with its digest.
    """

    tokenizer: TokenizerSettings
    one_line: bool
    min_words: int
    paragraphs: bool


def tokenize_documents(
    texts: Iterable[str], chosen: Tokenization, workers: int
) -> Generator[list[Piece], None, None]:
    """The pieces of each document, in order; the number of workers changes nothing but the speed.

    Args:
        texts: The documents; at any time only a few batches of them are in memory.
        chosen: How they become pieces.
        workers: Processes that tokenise, beside this one if there are several.

    Raises:
        EngineError: A worker process was killed.
    """
    if workers == 1:
        tokenizer = open_tokenizer(chosen.tokenizer)
        for text in texts:
            yield _pieces(text, tokenizer, chosen)
        return
    # "fork" would copy the threads' locks of this process, as they happen to be.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_start, initargs=(chosen,))
    for documents in map_in_order(pool, _work, _batches(texts), ahead=2 * workers):
        yield from documents


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text) + 1
        if size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


_worker: tuple[Tokenizer, Tokenization]  # of a worker process


def _start(chosen: Tokenization) -> None:
    global _worker
    end_with_parent()
    _worker = open_tokenizer(chosen.tokenizer), chosen


def _work(batch: list[str]) -> list[list[Piece]]:
    return [_pieces(text, *_worker) for text in batch]


def _pieces(text: str, tokenizer: Tokenizer, chosen: Tokenization) -> list[Piece]:
    if not chosen.paragraphs:
        words = _words(text, tokenizer, chosen)
        return [Piece(words)] if words else []
    pieces = []
    for paragraph in text.split("\n"):
        words = _words(paragraph, tokenizer, chosen)
        if words:
            pieces.append(Piece(words, digest(words.replace("\n", " "))))
    return pieces


def _words(text: str, tokenizer: Tokenizer, chosen: Tokenization) -> str:
    if chosen.one_line:
        words = tokenizer.words(text)
        return " ".join(words) if len(words) >= chosen.min_words else ""
    found = tokenizer.words_by_sentence(text)
    return "".join([" ".join(words) + "\n" for words in found if len(words) >= chosen.min_words])
