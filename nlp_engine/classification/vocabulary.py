"""The words and labels of a labelled file, as a fastText model holds them."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from nlp_engine.corpus.labelled import LABEL_PREFIX
from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.errors import InputError
from nlp_engine.formats.fasttext import LINE_END_WORD, Entries
from nlp_engine.progress import Report

_Counted = list[tuple[str, int]]


def read_entries(path: Path, *, min_count: int, threads: int | None, report: Report) -> Entries:
    """The words that occur `min_count` times, and all labels, by falling count.

    The end of each line is a word, `</s>`, as in fastText.

    Raises:
        InputError: The file is missing, empty, compressed, binary or not UTF-8, or it has fewer
            than two labels.
    """
    corpus = encode_corpus(path, threads=threads, report=report)
    counted = list(zip(corpus.words, corpus.counts.tolist(), strict=True))
    labels = [(word, count) for word, count in counted if word.startswith(LABEL_PREFIX)]
    if len(labels) < 2:
        raise InputError(_too_few(path, labels, counted))
    words = [(word, count) for word, count in counted if not word.startswith(LABEL_PREFIX)]
    words = _with_line_ends(words, corpus.lines)
    every = Entries(
        words=[word for word, _ in words],
        counts=[count for _, count in words],
        labels=[label for label, _ in labels],
        label_counts=[count for _, count in labels],
        tokens=corpus.tokens + corpus.lines,
    )
    return frequent(every, min_count)


def frequent(entries: Entries, min_count: int) -> Entries:
    """The same without words that occur less than `min_count` times."""
    kept = bisect.bisect_right(entries.counts, -min_count, key=lambda count: -count)
    return replace(entries, words=entries.words[:kept], counts=entries.counts[:kept])


def _with_line_ends(words: _Counted, lines: int) -> _Counted:
    count = lines + dict(words).get(LINE_END_WORD, 0)
    others = [entry for entry in words if entry[0] != LINE_END_WORD]
    return sorted([(LINE_END_WORD, count), *others], key=lambda entry: -entry[1])


def _too_few(path: Path, labels: _Counted, words: Iterable[tuple[str, int]]) -> str:
    what = f"{path} has {len(labels)} labels; a classifier needs two"
    quoted = f'"{LABEL_PREFIX}'
    if any(word.startswith(quoted) for word, _ in words):
        return f"{what}. Some are in quotation marks ({quoted}…): write them without"
    return f"{what} (lines begin with {LABEL_PREFIX}NAME)"
