"""Train one classifier with our engine or fastText, in a process of its own, and score it.

    python scripts/bench/classify_run.py '{"implementation": "fasttext", …}'

The argument is a `Run` as JSON; the answer, on standard output, is an `Outcome` as JSON. Seconds
are from the call of the trainer to the trained model in memory, reading included: fastText reads
its file anew in every epoch. Both import NumPy, whose threads keep running for a while: they wait
for them to sleep. Accuracy is each library's own, on the test file.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OURS = "nlp_engine"
_SETTLING_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training: the data, and settings by BlazingText's names."""

    implementation: str
    data: str
    train: str
    test: str
    word_ngrams: int
    epochs: int = 5
    learning_rate: float = 0.05
    min_count: int = 5
    vector_dim: int = 100
    buckets: int = 2_000_000
    threads: int = 2
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Wall and processor seconds of training, and the share of test examples that are right."""

    wall: float
    cpu: float
    accuracy: float


def _run_ours(run: Run) -> Outcome:
    from nlp_engine.classification import trainer
    from nlp_engine.classification.artifacts import write_classifier
    from nlp_engine.classification.classifier import Classifier
    from nlp_engine.classification.hyperparameters import ClassifierSettings
    from nlp_engine.classification.vocabulary import read_entries
    from nlp_engine.classification.weights import label_weights
    from nlp_engine.progress import silent

    chosen = ClassifierSettings(
        word_ngrams=run.word_ngrams,
        epochs=run.epochs,
        learning_rate=run.learning_rate,
        min_count=run.min_count,
        vector_dim=run.vector_dim,
        buckets=run.buckets,
        threads=run.threads,
        seed=run.seed,
    )
    path = Path(run.train)

    def train() -> Any:
        entries = read_entries(path, min_count=run.min_count, threads=run.threads, report=silent)
        weights = label_weights(None, entries.labels, entries.label_counts)
        data = trainer.read_data(path, None, entries, chosen, silent)
        trained, _ = trainer.train(data, entries, chosen, weights=weights, report=silent)
        return entries, trained

    wall, cpu, (entries, trained) = _timed(train)
    folder = Path(run.train).parent / f"{run.data}{run.word_ngrams}"
    folder.mkdir(exist_ok=True)
    write_classifier(folder, trained, entries, chosen)
    classifier = Classifier.open(folder / "model.bin")
    labels, texts = _examples(Path(run.test))
    predicted = classifier.predict_tokenized(texts)
    right = sum(p[0].label == label for p, label in zip(predicted, labels, strict=True))
    return Outcome(wall=wall, cpu=cpu, accuracy=right / len(labels))


def _run_fasttext(run: Run) -> Outcome:
    if os.environ.get("MALLOC_PERTURB_") != "255":
        # It leaves a part of its input matrix as the memory was; this makes that part zeros.
        environment = {**os.environ, "MALLOC_PERTURB_": "255"}
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    import fasttext

    arguments = {
        "input": run.train,
        "wordNgrams": run.word_ngrams,
        "epoch": run.epochs,
        "lr": run.learning_rate,
        "minCount": run.min_count,
        "dim": run.vector_dim,
        "bucket": run.buckets,
        "thread": run.threads,
        "seed": run.seed,
        "verbose": 0,
    }
    wall, cpu, model = _timed(lambda: fasttext.train_supervised(**arguments))
    _, accuracy, _ = model.test(run.test)
    return Outcome(wall=wall, cpu=cpu, accuracy=accuracy)


def _timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    time.sleep(_SETTLING_SECONDS)
    wall, cpu = time.monotonic(), time.process_time()
    result = work()
    return time.monotonic() - wall, time.process_time() - cpu, result


def _examples(path: Path) -> tuple[list[str], list[str]]:
    """Of each line its label without prefix, and its text."""
    pairs = [line.split(" ", 1) for line in path.read_text("utf-8").split("\n")[:-1]]
    return [label.removeprefix("__label__") for label, _ in pairs], [text for _, text in pairs]


def main() -> None:
    """Run what the argument says."""
    run = Run(**json.loads(sys.argv[1]))
    outcome = _run_ours(run) if run.implementation == OURS else _run_fasttext(run)
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
