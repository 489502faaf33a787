"""What training does with its settings."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp_engine.classification import train as train_module
from nlp_engine.classification import trainer
from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.train import train_classifier
from nlp_engine.classification.vocabulary import read_entries
from nlp_engine.errors import EngineError, InputError, SettingError
from nlp_engine.formats import fasttext, word2vec
from nlp_engine.progress import Progress, silent
from tests.classification.test_models import TOPICS, make_examples

SMALL: dict[str, Any] = {
    "vector_dim": 10, "buckets": 5000, "min_count": 1, "learning_rate": 0.5, "threads": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("folds")
    return {
        name: make_examples(folder / f"{name}.txt", count, seed)
        for seed, (name, count) in enumerate({"train": 400, "validation": 200}.items())
    }


def training_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "training.json").read_text())


def test_loss_falls_and_all_is_recorded(folds: dict[str, Path], tmp_path: Path) -> None:
    reports: list[Progress] = []
    train_classifier(folds["train"], tmp_path / "out", epochs=20, report=reports.append, **SMALL)
    measured = training_of(tmp_path / "out")
    words, losses, rates = zip(*measured["loss"], strict=True)
    assert losses[0] > 1 > losses[-1]
    assert list(rates) == sorted(rates, reverse=True) and 0 <= rates[-1] < 0.03
    told = [report for report in reports if report.stage == "training"]
    assert told[-1].done == told[-1].total == words[-1] == 20 * (400 * 8)
    assert 0 < measured["seconds"] < 60 and measured["best_epoch"] is None


def test_examples_sorted_by_label_are_no_harm(tmp_path: Path, folds: dict[str, Path]) -> None:
    lines = sorted(folds["train"].read_text().splitlines())
    (tmp_path / "sorted.txt").write_text("\n".join(lines) + "\n")
    classifier = train_classifier(tmp_path / "sorted.txt", epochs=5, **SMALL)
    texts = [line.partition(" ")[2] for line in lines]
    right = [
        f"__label__{p[0].label}" == line.partition(" ")[0]
        for p, line in zip(classifier.predict_tokenized(texts), lines, strict=True)
    ]
    assert np.mean(right) > 0.95


def test_one_thread_and_a_seed_give_the_same_bytes(folds: dict[str, Path], tmp_path: Path) -> None:
    for name, seed in (("first", 3), ("second", 3), ("other", 4)):
        train_classifier(folds["train"], tmp_path / name, epochs=2, seed=seed, **SMALL)
    first, second, other = (
        (tmp_path / name / "model.bin").read_bytes() for name in ("first", "second", "other")
    )
    assert first == second != other


def test_ngrams_that_occur_once_become_what_they_would_become_alone(
    folds: dict[str, Path], tmp_path: Path
) -> None:
    options = SMALL | {"word_ngrams": 3, "epochs": 5, "buckets": 100_000}
    chosen = ClassifierSettings(**options)
    entries = read_entries(folds["train"], min_count=1, threads=1, report=silent)
    buckets = trainer.read_data(folds["train"], None, entries, chosen, silent).buckets
    assert len(buckets.lone) > 2 * len(buckets.group_sizes) > 100
    train_classifier(folds["train"], tmp_path / "grouped", **options)
    # What is validated on needs rows of its own.
    validation = {"validation": folds["train"]}
    train_classifier(folds["train"], tmp_path / "alone", **validation, **options)
    grouped, alone = (
        fasttext.open_matrices(tmp_path / name / "model.bin") for name in ("grouped", "alone")
    )
    for one, other in (
        (grouped.input_rows, alone.input_rows), (grouped.output_rows, alone.output_rows),
    ):  # fmt: skip
        assert one.shape == other.shape
        # As pytest.approx, which takes 10 s for a million numbers.
        assert (np.abs(one - other) <= np.maximum(1e-3 * np.abs(other), 1e-5)).all()


# Checkpoints.


def interrupt_in_epoch(epoch: int) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        if progress.stage == "training" and progress.done > (epoch - 1) / 8 * (progress.total or 0):
            raise KeyboardInterrupt

    return report


def interrupt_first(reports: list[Progress]) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        if progress.stage == "training":
            reports.append(progress)
            raise KeyboardInterrupt

    return report


def test_an_interrupted_training_goes_on_after_its_last_whole_epoch(
    folds: dict[str, Path], tmp_path: Path
) -> None:
    kept, options = tmp_path / "kept", {**SMALL, "epochs": 8}
    kept.mkdir()
    with pytest.raises(KeyboardInterrupt):
        train_classifier(folds["train"], checkpoints=kept, report=interrupt_in_epoch(4), **options)
    assert [path.name for path in kept.iterdir()] == ["checkpoint-3"]
    reports: list[Progress] = []
    train_classifier(
        folds["train"], tmp_path / "out", checkpoints=kept, report=reports.append, **options
    )
    first = next(report for report in reports if report.stage == "training")
    assert first.done >= 3 / 8 * (first.total or 0)
    assert not list(kept.iterdir()), "nothing is left when the model is there"
    train_classifier(folds["train"], tmp_path / "whole", **options)
    model, whole = ((tmp_path / name / "model.bin").read_bytes() for name in ("out", "whole"))
    assert model == whole
    assert len(training_of(tmp_path / "out")["loss"]) > 0


def test_checkpoints_of_other_data_or_settings_are_not_used(
    folds: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_classifier(
            folds["train"], checkpoints=tmp_path, report=interrupt_in_epoch(4), epochs=8, **SMALL
        )
    for data, epochs in ((folds["train"], 9), (folds["validation"], 8)):
        reports: list[Progress] = []
        with pytest.raises(KeyboardInterrupt):
            train_classifier(
                data, checkpoints=tmp_path, report=interrupt_first(reports), epochs=epochs, **SMALL
            )
        assert reports[0].done < 2 / 8 * (reports[0].total or 0)


# Early stopping: accuracies are scripted, as what is tested is what follows from them.


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Makes validation give these accuracies; gives the epochs after which it was asked."""

    def use(*accuracies: float) -> list[int]:
        asked: list[int] = []
        given = iter(accuracies)

        def accuracy(self: Any) -> float:
            asked.append(len(asked))
            return next(given)

        monkeypatch.setattr(trainer._Training, "accuracy", accuracy)
        return asked

    return use


@pytest.mark.parametrize(
    ("accuracies", "options", "epochs", "best"),
    [
        # Validation begins after min_epochs; training stops once patience is used up.
        ([0.5, 0.6, 0.6, 0.5], {"min_epochs": 3, "patience": 2}, [3, 4, 5, 6], 4),
        ([0.5, 0.4], {"min_epochs": 5, "patience": 1}, [5, 6], 5),
        ([0.1, 0.2, 0.3, 0.4], {"min_epochs": 1, "patience": 1, "epochs": 4}, [1, 2, 3, 4], 4),
        ([0.5, 0.4, 0.6, 0.4, 0.4], {"min_epochs": 1, "patience": 2}, [1, 2, 3, 4, 5], 3),
        # Fewer epochs than min_epochs: nothing to stop.
        ([], {"epochs": 1, "min_epochs": 5}, [], None),
    ],
)
def test_early_stopping(
    folds: dict[str, Path],
    tmp_path: Path,
    script: Callable[..., list[int]],
    accuracies: list[float],
    options: dict[str, int],
    epochs: list[int],
    best: int | None,
) -> None:
    script(*accuracies)
    reports: list[Progress] = []
    train_classifier(
        folds["train"], tmp_path / "out", validation=folds["validation"], early_stopping=True,
        report=reports.append, **{**SMALL, "epochs": 20, **options},
    )  # fmt: skip
    measured = training_of(tmp_path / "out")
    assert measured["validation"] == [list(x) for x in zip(epochs, accuracies, strict=True)]
    assert measured["best_epoch"] == best
    told = [report for report in reports if report.stage == "validation"]
    assert [report.done for report in told] == epochs


def test_the_best_weights_are_the_ones_that_are_kept(
    folds: dict[str, Path], tmp_path: Path, script: Callable[..., list[int]]
) -> None:
    common = {**SMALL, "epochs": 8, "min_epochs": 1, "patience": 8}
    script(0.1, 0.2, 0.9, *[0.5] * 5)
    train_classifier(
        folds["train"], tmp_path / "best", validation=folds["validation"], early_stopping=True,
        **common,
    )  # fmt: skip
    script(0.1, 0.2, 0.9, *[0.5] * 5)
    kept: list[np.ndarray] = []
    original = trainer._Training._train

    def spy(self: Any, epoch: int) -> None:
        original(self, epoch)
        kept.append(self._model.output_rows[:, :10].copy())

    trainer._Training._train = spy  # type: ignore[method-assign]
    try:
        train_classifier(folds["train"], validation=folds["validation"], **common)
    finally:
        trainer._Training._train = original  # type: ignore[method-assign]
    stored = Classifier.open(tmp_path / "best")._stored.output_matrix
    assert np.array_equal(stored, kept[2])
    assert not np.array_equal(stored, kept[7])


def test_early_stopping_by_real_accuracies(folds: dict[str, Path], tmp_path: Path) -> None:
    train_classifier(
        folds["train"], tmp_path / "out", validation=folds["validation"], early_stopping=True,
        epochs=50, patience=3, **SMALL,
    )  # fmt: skip
    measured = training_of(tmp_path / "out")
    accuracies = dict(measured["validation"])
    assert len(accuracies) < 46, "it stopped before all epochs were done"
    best = max(accuracies.values())
    stored = json.loads((tmp_path / "out" / "eval.json").read_text())
    assert (
        stored["validation_accuracy"] == pytest.approx(best) == accuracies[measured["best_epoch"]]
    )


def test_early_stopping_needs_validation(folds: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="there is no validation file"):
        train_classifier(folds["train"], tmp_path / "out", early_stopping=True)
    assert not (tmp_path / "out").exists()


# Features, labels and weights


def test_word_order_is_learned_by_ngrams_only(tmp_path: Path) -> None:
    path = tmp_path / "order.txt"
    path.write_text("__label__ab a b\n__label__ba b a\n" * 50)
    accuracies = []
    for n in (1, 2):
        train_classifier(path, tmp_path / str(n), word_ngrams=n, epochs=30, **SMALL)
        results = json.loads((tmp_path / str(n) / "eval.json").read_text())
        accuracies.append(results["train_accuracy"])
    assert accuracies == [0.5, 1.0]


def test_subwords_help_with_words_that_are_new(tmp_path: Path) -> None:
    path = tmp_path / "verbs.txt"
    stems = [f"{a}{b}{c}" for a in "bcdf" for b in "aeiou" for c in "lmnr"]
    path.write_text("".join(f"__label__past {s}ted\n__label__now {s}ting\n" for s in stems))
    texts = ["zuvting", "wexted"]
    plain = train_classifier(path, epochs=20, **SMALL)
    subwords = train_classifier(path, epochs=20, subwords=True, **SMALL)
    assert [p[0].label for p in subwords.predict(texts)] == ["now", "past"]
    assert plain.predict(texts)[0] == plain.predict(texts)[1]  # both unknown


def test_several_labels_are_told_apart_one_by_one(tmp_path: Path) -> None:
    path = make_examples(tmp_path / "several.txt", 600, 1, most_labels=2)
    classifier = train_classifier(path, epochs=20, **SMALL)
    assert classifier.loss == "ova"
    both = classifier.predict_tokenized(["apple pear plum iron copper zinc"], k=5, threshold=0.5)[0]
    assert {p.label for p in both} == {"fruit", "metal"}
    drawn = train_classifier(path, epochs=20, loss="softmax", **SMALL)
    assert drawn.loss == "softmax"
    assert drawn.probabilities(["apple iron"]).sum() == pytest.approx(1)


@pytest.mark.parametrize("kind", ["mapping", "json", "file"])
def test_class_weights(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ambiguous.txt"
    path.write_text("__label__rare x\n" + "__label__often x\n" * 3)
    given: Any = {"rare": 9}
    if kind != "mapping":
        given = json.dumps(given)
    if kind == "file":
        (tmp_path / "weights.json").write_text(given)
        given = str(tmp_path / "weights.json")
    options = {**SMALL, "epochs": 200, "learning_rate": 0.1}
    probability = {
        weights: dict(train_classifier(path, class_weights=value, **options).predict(["x"], k=2)[0])
        for weights, value in (("none", None), ("balanced", "balanced"), ("given", given))
    }
    assert probability["none"]["rare"] == pytest.approx(1 / 4, abs=0.05)
    assert probability["balanced"]["rare"] == pytest.approx(1 / 2, abs=0.05)
    assert probability["given"]["rare"] == pytest.approx(9 / 12, abs=0.05)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("equal", "it must be balanced, numbers by label"),
        ("{", "no JSON"),
        ("[1]", "it must be balanced"),
        ('{"none": 1}', "'none', which is no label"),
        ('{"fruit": 0}', "0 for 'fruit'; it must be a finite number above 0"),
        ('{"fruit": "x"}', "'x' for 'fruit'"),
        ('{"fruit": 1e400}', "inf for 'fruit'; it must be a finite number"),
    ],
)
def test_bad_class_weights(folds: dict[str, Path], weights: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        train_classifier(folds["train"], class_weights=weights, **SMALL)


def test_pretrained_vectors_help_where_there_are_few_examples(tmp_path: Path) -> None:
    # Words of a topic share a direction; training sees the first two words of each topic only.
    words = [word for text in TOPICS.values() for word in text.split()]
    topics = [number for number, text in enumerate(TOPICS.values()) for _ in text.split()]
    random = np.random.default_rng(1)
    vectors = np.eye(10, dtype=np.float32)[topics] * 3
    vectors += random.normal(0, 0.1, vectors.shape).astype(np.float32)
    word2vec.write_text(tmp_path / "vectors.txt", words, vectors)
    lines = [f"__label__{name} {' '.join(text.split()[:2])}\n" for name, text in TOPICS.items()]
    # The other words must be in the vocabulary to have a vector.
    lines.append(f"{' '.join(words)}\n")
    (tmp_path / "few.txt").write_text("".join(lines * 10))
    new = {name: " ".join(text.split()[4:]) for name, text in TOPICS.items()}
    options = {**SMALL, "word_ngrams": 1, "epochs": 20}
    with_vectors = train_classifier(
        tmp_path / "few.txt", pretrained_vectors=str(tmp_path / "vectors.txt"), **options
    )
    assert [p[0].label for p in with_vectors.predict_tokenized(list(new.values()))] == list(new)
    with pytest.raises(InputError, match="vectors of 10 dimensions, vector_dim is 8"):
        train_classifier(
            tmp_path / "few.txt", pretrained_vectors=str(tmp_path / "vectors.txt"),
            **{**options, "vector_dim": 8},
        )  # fmt: skip


# Bad input


def test_numbers_beyond_all_bounds(folds: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="lower learning_rate, which is 1e\\+30"):
        train_classifier(folds["train"], tmp_path / "out", **{**SMALL, "learning_rate": 1e30})
    assert not (tmp_path / "out").exists()


def test_more_than_there_is_memory_for(
    folds: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "available_memory", lambda: 100_000)
    with pytest.raises(SettingError, match="vector_dim is 2048; with .* need .* GB"):
        train_classifier(folds["train"], tmp_path / "out", **{**SMALL, "vector_dim": 2048})


def test_lines_without_label_and_labels_without_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "odd.txt"
    path.write_text("__label__a x\nno label\n__label__b\n\n__label__b y\n" * 5)
    held_out = tmp_path / "held.txt"
    held_out.write_text("__label__new x\n__label__a x\n__label__a\n")
    with caplog.at_level(logging.WARNING):
        classifier = train_classifier(path, tmp_path / "out", validation=held_out, **SMALL)
    assert classifier.label_names == ["b", "a"]
    assert "5 examples without a label left out, the first in line 2" in caplog.text
    assert "the model was not trained on 'new'; 1 example with such a label" in caplog.text
    results = json.loads((tmp_path / "out" / "eval.json").read_text())
    assert results["validation"]["examples"] == 3
    assert results["validation_accuracy"] <= 2 / 3


def test_labels_in_quotation_marks(tmp_path: Path) -> None:
    (tmp_path / "csv.txt").write_text('"__label__Office Holder" x y\n' * 9)
    with pytest.raises(InputError, match="Some are in quotation marks"):
        train_classifier(tmp_path / "csv.txt")


def test_augmented_manifests(tmp_path: Path) -> None:
    for fold in ("train", "validation"):
        with (tmp_path / f"{fold}.manifest").open("w") as file:
            for _ in range(30):
                file.write('{"source": "apples and pears", "topic": "ripe fruit"}\n')
                file.write('{"source": "iron and copper", "topic": 2}\n')
    classifier = train_classifier(
        tmp_path / "train.manifest", tmp_path / "out",
        validation=tmp_path / "validation.manifest", epochs=20, **SMALL,
    )  # fmt: skip
    predicted = classifier.predict_tokenized(["pears", "copper"])
    assert [p[0].label for p in predicted] == ["ripe fruit", "2"]
    assert classifier.labels["__label__ripe_fruit"] == "ripe fruit"
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [source["name"] for source in manifest["sources"]] == [
        "train.manifest", "validation.manifest",
    ]  # fmt: skip
    assert manifest["counts"]["validation_examples"] == 60


def test_the_engine_fasttext_has_the_same_settings(folds: dict[str, Path], tmp_path: Path) -> None:
    made = train_classifier(folds["train"], tmp_path / "out", engine="fasttext", epochs=5, **SMALL)
    assert made.loss == "softmax"
    assert json.loads((tmp_path / "out" / "eval.json").read_text())["train_accuracy"] > 0.95
    for name, value in (("early_stopping", True), ("class_weights", "balanced")):
        with pytest.raises(SettingError, match=f"{name} is .*, which engine fasttext lacks"):
            train_classifier(folds["train"], engine="fasttext", **{name: value})


def test_a_multi_label_file_is_one_against_all_in_fasttext_too(tmp_path: Path) -> None:
    path = make_examples(tmp_path / "several.txt", 100, 1, most_labels=2)
    assert train_module._fasttext_loss(path) == "ova"


# Explanations


def test_an_explanation_adds_up(folds: dict[str, Path]) -> None:
    classifier = train_classifier(folds["train"], epochs=10, **SMALL)
    text = "apple zzz iron iron"
    explained = classifier.explain(text)
    assert explained.label == classifier.predict([text])[0][0].label
    assert [c.word for c in explained.contributions] == ["apple", "zzz", "iron", "iron", "</s>"]
    scores = [classifier.explain(text, label) for label in classifier.label_names]
    for one in scores:
        assert one.score == pytest.approx(sum(c.score for c in one.contributions), abs=1e-5)
    assert sum(one.score for one in scores) == pytest.approx(0, abs=1e-4)
    # Differences of scores are those of the logarithms of probabilities.
    logs = np.log(classifier.probabilities([text])[0])
    assert [one.score for one in scores] == pytest.approx(logs - logs.mean(), abs=1e-3)


def test_an_explanation_names_the_words_that_decide(folds: dict[str, Path]) -> None:
    classifier = train_classifier(folds["train"], epochs=10, **{**SMALL, "word_ngrams": 1})
    contributions = classifier.explain("the apple of the iron", "fruit").contributions
    assert max(contributions, key=lambda c: c.score).word == "apple"
    assert min(contributions, key=lambda c: c.score).word == "iron"
    with pytest.raises(SettingError, match="no label 'none'; labels are"):
        classifier.explain("x", "none")


def test_an_explanation_of_labels_one_against_all_is_the_logit(tmp_path: Path) -> None:
    path = make_examples(tmp_path / "several.txt", 300, 1, most_labels=2)
    classifier = train_classifier(path, epochs=10, **SMALL)
    text = "apple iron"
    score = classifier.explain(text, "fruit").score
    probability = dict(classifier.predict([text], k=5)[0])["fruit"]
    assert 1 / (1 + np.exp(-score)) == pytest.approx(probability, abs=0.01)  # fastText's table


def test_nearest_labels_share_their_words(tmp_path: Path) -> None:
    path = tmp_path / "near.txt"
    lines = ["__label__cat fur paw", "__label__dog fur paw", "__label__car wheel engine"]
    path.write_text("\n".join(lines * 50) + "\n")
    classifier = train_classifier(path, epochs=10, **{**SMALL, "word_ngrams": 1})
    (first, cosine), (second, lower) = classifier.nearest_labels("cat")
    assert (first, second) == ("dog", "car")
    assert 1.001 > cosine > lower > -1.001
