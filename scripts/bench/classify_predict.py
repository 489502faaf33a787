"""How long predictions take: one model in our engine and in fastText."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_SINGLE_TEXTS = 2000
_SHORT_WORDS = 5


def predictions(model: Path, test: Path, rounds: int) -> Iterator[dict[str, Any]]:
    """Rows of microseconds per text, of the two in turn.

    Args:
        model: A fastText model file.
        test: A labelled file, whose texts are predicted.
        rounds: How often.
    """
    import fasttext

    from nlp_engine.classification.classifier import Classifier

    ours, theirs = Classifier.open(model), fasttext.load_model(str(model))
    lines = test.read_text("utf-8").split("\n")[:-1]
    texts = [line.partition(" ")[2] for line in lines]
    short = [" ".join(text.split(" ")[:_SHORT_WORDS]) for text in texts[:_SINGLE_TEXTS]]
    work: dict[str, dict[str, Callable[[], object]]] = {
        "list, 1 label": {
            "nlp_engine": lambda: ours.predict_tokenized(texts),
            "fasttext": lambda: theirs.predict(texts),
        },
        "list, 5 labels": {
            "nlp_engine": lambda: ours.predict_tokenized(texts, k=5),
            "fasttext": lambda: theirs.predict(texts, k=5),
        },
        "one by one, 5 words": {
            "nlp_engine": lambda: [ours.predict_tokenized([text]) for text in short],
            "fasttext": lambda: [theirs.predict(text) for text in short],
        },
    }
    for number in range(rounds):
        for what, contenders in work.items():
            count = len(short) if what.startswith("one") else len(texts)
            for name, predict in contenders.items():
                started = time.perf_counter()
                predict()
                seconds = time.perf_counter() - started
                yield {
                    "round": number,
                    "what": what,
                    "implementation": name,
                    "microseconds": 1e6 * seconds / count,
                }
