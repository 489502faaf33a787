"""gensim as a trainer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.corpus.vocabulary import EncodedCorpus
from nlp_engine.engines import process, scratch
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.errors import require
from nlp_engine.progress import Progress, Report

_PROGRESS = re.compile(r"epochs done: (\d+)\.")
# Of each batch gensim trains no more words than this (word2vec_corpusfile.pyx, MAX_SENTENCE_LEN),
# and a line is never cut between batches.
_LONGEST_LINE = 10_000


def train_vectors(
    corpus: EncodedCorpus,
    *,
    subwords: bool,
    arguments: Mapping[str, Any],
    folder: Path,
    report: Report,
) -> TrainedVectors:
    """Train word vectors with gensim in a child process, in its fastest mode (`corpus_file`).

    Args:
        corpus: Its files are read again, unless a line is too long for gensim; its words get rows.
        subwords: Whether to train gensim's `FastText` instead of its `Word2Vec`.
        arguments: Arguments of that class, with `epochs`, `alpha` and `min_alpha`, but without a
            corpus.
        folder: An empty folder that lasts as long as the result.
        report: Told of words and learning rate after each epoch; gensim does not tell more there.

    Raises:
        MissingExtraError: gensim is not installed.
        EngineError: Training failed; the message has gensim's last line.
    """
    require("gensim", "gensim")
    scratch.write_vocabulary(folder, corpus)
    if scratch.longest_line(corpus) > _LONGEST_LINE:
        path, words = scratch.with_short_lines(folder, corpus), int(corpus.counts.sum())
    else:
        path, words = scratch.one_file(folder, corpus), corpus.tokens
    epochs = arguments["epochs"]

    def on_line(line: str) -> bool:
        match = _PROGRESS.fullmatch(line)
        if match:
            done = int(match[1])
            fall = (arguments["alpha"] - arguments["min_alpha"]) * done / epochs
            detail = f"learning rate {arguments['alpha'] - fall:.6f}"
            report(Progress("training", done * corpus.tokens, total, "words", detail))
        return match is not None

    total = epochs * corpus.tokens
    report(Progress("training", 0, total, "words"))
    process.run(
        "nlp_engine.engines.gensim_worker",
        {
            "model": "FastText" if subwords else "Word2Vec",
            "arguments": dict(arguments),
            "folder": str(folder),
            "corpus": str(path),
            "words": words,
        },
        name="gensim",
        subject=", ".join(map(str, corpus.paths)),
        on_line=on_line,
    )
    return scratch.read_result(folder, corpus, losses=[])
