"""The words and labels of a labelled file, as a fastText model holds them."""

from __future__ import annotations

import bisect
from dataclasses import replace
from pathlib import Path

import numpy as np

from nlp_engine.corpus.labelled import LABEL_PREFIX, QUOTED_LABEL
from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.errors import InputError
from nlp_engine.formats.fasttext import LINE_END_WORD, Entries
from nlp_engine.progress import Report


def read_entries(path: Path, *, min_count: int, threads: int | None, report: Report) -> Entries:
    """The words that occur `min_count` times, and all labels, by falling count.

    The end of each line is a word, `</s>`, as in fastText.

    Raises:
        InputError: The file is missing, empty, compressed, binary or not UTF-8, or it has fewer
            than two labels.
    """
    corpus = encode_corpus(
        path, min_count=max(min_count, 1), always_kept=LABEL_PREFIX, threads=threads, report=report
    )
    starts = (word.startswith(LABEL_PREFIX) for word in corpus.words)
    is_label = np.fromiter(starts, bool, len(corpus.words))
    labels, words = np.flatnonzero(is_label), np.flatnonzero(~is_label)
    if len(labels) < 2:
        raise InputError(_too_few(path, len(labels)))
    entries = Entries(
        words=[corpus.words[i] for i in words],
        counts=corpus.counts[words].tolist(),
        labels=[corpus.words[i] for i in labels],
        label_counts=corpus.counts[labels].tolist(),
        tokens=corpus.tokens + corpus.lines,
    )
    return frequent(_with_line_ends(entries, corpus.lines), min_count)


def frequent(entries: Entries, min_count: int) -> Entries:
    """The same without words that occur less than `min_count` times."""
    kept = bisect.bisect_right(entries.counts, -min_count, key=lambda count: -count)
    return replace(entries, words=entries.words[:kept], counts=entries.counts[:kept])


def _with_line_ends(entries: Entries, lines: int) -> Entries:
    """The same with `</s>`, which may be among the words already, so many times more."""
    words, counts = list(entries.words), list(entries.counts)
    if LINE_END_WORD in words:
        place = words.index(LINE_END_WORD)
        del words[place]
        lines += counts.pop(place)
    place = bisect.bisect_left(counts, -lines, key=lambda count: -count)
    words.insert(place, LINE_END_WORD)
    counts.insert(place, lines)
    return replace(entries, words=words, counts=counts)


def _too_few(path: Path, labels: int) -> str:
    what = f"{path} has {'one label' if labels else 'no label'}; a classifier needs two"
    if any(word.startswith(QUOTED_LABEL) for word in encode_corpus(path).words):
        return f"{what}. Some are in quotation marks ({QUOTED_LABEL}…): write them without"
    return f"{what} (lines begin with {LABEL_PREFIX}NAME)"
