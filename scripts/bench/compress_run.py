"""Compress one classifier with our engine or fastText, in a process of its own, and score it.

    python scripts/bench/compress_run.py '{"implementation": "fasttext", …}'

The answer, on standard output, is JSON: bytes of the file, accuracy before and after on the test
file, and processor seconds from the model's file to the compressed one.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def ours(model: Path, test: Path, options: Mapping[str, Any], out: Path) -> dict[str, float]:
    """By `compress_classifier`."""
    from nlp_engine.classification.classifier import Classifier
    from nlp_engine.classification.compress import compress_classifier

    started = time.process_time()
    compress_classifier(model, out, **options)
    seconds = time.process_time() - started
    labels, texts = zip(*_examples(test), strict=True)

    def accuracy(path: Path) -> float:
        predicted = Classifier.open(path).predict_tokenized(texts)
        right = [p[0].label == label for p, label in zip(predicted, labels, strict=True)]
        return sum(right) / len(right)

    small = out / "model.ftz"
    return _outcome(small, seconds, accuracy(model), accuracy(small))


def theirs(model: Path, test: Path, options: Mapping[str, Any], out: Path) -> dict[str, float]:
    """By fastText's `quantize`."""
    import fasttext

    started = time.process_time()
    library = fasttext.load_model(str(model / "model.bin"))
    loaded = time.process_time() - started
    before = library.test(str(test))[1]
    started = time.process_time()
    library.quantize(**options)
    library.save_model(str(out))
    seconds = loaded + time.process_time() - started
    return _outcome(out, seconds, before, fasttext.load_model(str(out)).test(str(test))[1])


def _examples(path: Path) -> list[tuple[str, str]]:
    """Of each line its label without prefix, and its text."""
    pairs = [line.split(" ", 1) for line in path.read_text("utf-8").split("\n")[:-1]]
    return [(label.removeprefix("__label__"), text) for label, text in pairs]


def _outcome(file: Path, seconds: float, before: float, after: float) -> dict[str, float]:
    size = file.stat().st_size
    return {"bytes": size, "cpu": seconds, "before": before, "accuracy": after}


def main() -> None:
    """Run what the argument says."""
    job = json.loads(sys.argv[1])
    run = ours if job["implementation"] == "nlp_engine" else theirs
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        print(json.dumps(run(Path(job["model"]), Path(job["test"]), job["options"], out)))


if __name__ == "__main__":
    main()
