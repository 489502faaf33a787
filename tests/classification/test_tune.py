"""The search for settings, on real paragraphs: what is found is better, and nothing is lost."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation import read_examples
from nlp_engine.classification.train import train_classifier
from nlp_engine.classification.tuning.settings import TuningSettings
from nlp_engine.classification.tuning.tune import tune_classifier
from nlp_engine.demo import DemoResult
from nlp_engine.errors import EngineError, InputError, Interrupted, SettingError
from nlp_engine.manifest import read_manifest
from nlp_engine.progress import Progress

ONCE = {"threads": 1, "minutes": 5}  # one thread and no end of time: the same in every run


def tuning(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "tuning.json").read_text())
    return found


def evaluation(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "eval.json").read_text())
    return found


@pytest.fixture(scope="module")
def labelled(demo: DemoResult) -> Path:
    return demo.folder / "labelled"


@pytest.fixture(scope="module")
def found(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tune") / "found"
    tune_classifier(labelled, out, trials=12, vector_dim=16, **ONCE)
    return out


def test_the_folder_is_a_classifiers_with_a_record_of_the_trials(found: Path) -> None:
    assert {path.name for path in found.iterdir()} == {
        "model.bin", "labels.json", "eval.json", "training.json", "tuning.json", "manifest.json",
    }  # fmt: skip
    record, manifest = tuning(found), read_manifest(found, "classifier")
    assert [trial["number"] for trial in record["trials"]] == list(range(12))
    assert manifest.counts["trials"] == 12
    best = record["trials"][record["best_trial"]]
    finished = [t["score"] for t in record["trials"] if t["state"] == "finished"]
    assert best["score"] == max(finished)
    assert best["value"] == evaluation(found)["validation_accuracy"]
    for name, value in best["settings"].items():
        assert manifest.settings[name] == value


def test_it_finds_better_settings_than_the_defaults(
    found: Path, labelled: Path, tmp_path: Path
) -> None:
    train_classifier(labelled, tmp_path / "defaults", vector_dim=16, threads=1)
    defaults = evaluation(tmp_path / "defaults")
    first = tuning(found)["trials"][0]  # tries the defaults first
    assert first["value"] == defaults["validation_accuracy"]
    assert evaluation(found)["validation_accuracy"] > defaults["validation_accuracy"]
    assert evaluation(found)["test_accuracy"] >= defaults["test_accuracy"]


def test_poor_trials_are_given_up_before_their_end(found: Path) -> None:
    given_up = [t for t in tuning(found)["trials"] if t["state"] == "given up"]
    assert given_up
    assert all(trial["value"] is None for trial in given_up)


def test_settings_that_are_named_are_not_searched(found: Path) -> None:
    assert read_manifest(found, "classifier").settings["vector_dim"] == 16
    assert all("vector_dim" not in trial["settings"] for trial in tuning(found)["trials"])
    assert Classifier.open(found).vector_dim == 16


@pytest.mark.parametrize("metric", ["macro_f1", "micro_f1", "f1:Abraham Lincoln"])
def test_metrics_are_those_of_evaluate(metric: str, labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tune_classifier(
        labelled, out, metric=metric, trials=3, vector_dim=8, word_ngrams=1, epochs=5, **ONCE
    )
    record, result = tuning(out), evaluation(out)["validation"]
    if metric.startswith("f1:"):
        expected = result["labels"]["Abraham Lincoln"]["f1"]
    else:
        expected = result[metric.removesuffix("_f1")]["f1"]
    assert record["metric"] == metric
    assert record["trials"][record["best_trial"]]["value"] == pytest.approx(expected, abs=1e-9)


def test_a_killed_search_goes_on(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nlp_engine.files.WORTH_KEEPING_SECONDS", 0)
    options = {"trials": 4, "vector_dim": 8, "word_ngrams": 1, "subwords": False, **ONCE}

    def kill(progress: Progress) -> None:
        if "trial 3" in progress.detail:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="run the same command again"):
        tune_classifier(labelled, tmp_path / "out", report=kill, **options)
    assert not (tmp_path / "out").exists()
    details = list[str]()
    tune_classifier(
        labelled, tmp_path / "out", report=lambda p: details.append(p.detail), **options
    )
    assert not any("trial 1," in detail or "trial 2," in detail for detail in details)
    states = [trial["state"] for trial in tuning(tmp_path / "out")["trials"]]
    assert states[:3] == ["finished", "finished", "failed"]
    assert len(states) == 5  # the killed one does not count


def test_the_time_is_kept_but_one_trial_always_ends(labelled: Path, tmp_path: Path) -> None:
    seen = list[Progress]()
    tune_classifier(labelled, tmp_path / "out", minutes=1e-6, report=seen.append)
    (trial,) = tuning(tmp_path / "out")["trials"]
    assert trial["state"] == "finished"
    tune_classifier(labelled, tmp_path / "more", minutes=3 / 60, report=seen.append)
    record = tuning(tmp_path / "more")["trials"]
    assert sum(t["seconds"] for t in record[1:]) < 5
    progress = [p for p in seen if p.stage == "tuning"]
    assert all(p.unit == "seconds" and 0 <= p.done <= (p.total or 0) for p in progress)


def test_several_labels_and_examples_without(tmp_path: Path) -> None:
    """Held-out lines without label count neither for the trainer nor for the metric."""
    random.seed(1)
    topics = {"sea": "waves ships salt", "sky": "clouds birds wind", "land": "trees stones mud"}
    lines = []
    for _ in range(300):
        chosen = random.sample(sorted(topics), random.choice([1, 2]))
        words = [word for topic in chosen for word in topics[topic].split()]
        lines.append(" ".join([*(f"__label__{t}" for t in chosen), *random.sample(words, 3)]))
    (tmp_path / "train.txt").write_text("\n".join(lines[:200]) + "\n")
    held_out = [*lines[200:], "waves ships", "", "__label__moon waves"]
    (tmp_path / "held.txt").write_text("\n".join(held_out) + "\n")
    out = tmp_path / "out"
    tune_classifier(
        tmp_path / "train.txt", out, validation=tmp_path / "held.txt", metric="micro_f1",
        trials=4, vector_dim=8, **ONCE,
    )  # fmt: skip
    record, result = tuning(out), evaluation(out)["validation"]
    value = record["trials"][record["best_trial"]]["value"]
    assert result["examples"] == 101
    assert result["unknown_labels"] == {"moon": 1}
    assert value == pytest.approx(result["micro"]["f1"], abs=1e-9)
    assert value > 0.8


def test_what_cannot_be_tuned_is_said(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for options, message in (
        ({"metric": "f2"}, "metric is 'f2'; it must be one of accuracy, macro_f1, micro_f1"),
        ({"metric": "f1:nobody"}, "no such label; labels are "),
        ({"minutes": 0}, "minutes is 0.0; it must be greater than 0"),
        ({"engine": "fasttext"}, "engine is fasttext, which is not for tuning"),
        ({"early_stopping": True}, "early_stopping is True, which is not for tuning"),
        ({"pretrained_vectors": "v"}, "one vector_dim; name it"),
        ({"epoch": 5}, "unknown setting 'epoch'; did you mean epochs"),
    ):
        with pytest.raises(SettingError, match=message):
            tune_classifier(labelled, out, **options)
    with pytest.raises(InputError, match="has no validation file"):
        tune_classifier(labelled / "train.txt", out)
    with pytest.raises(EngineError, match="no trial came to its end: .* lower learning_rate"):
        tune_classifier(labelled, out, learning_rate=1e30, trials=2)
    assert list(tmp_path.iterdir()) == []


def test_the_score_is_the_metric_less_the_brier_score(found: Path, labelled: Path) -> None:
    """scikit-learn's Brier score of one label, summed over the labels."""
    classifier = Classifier.open(found)
    examples = read_examples(labelled / "validation.txt")
    probabilities = classifier.probabilities(examples.texts)
    names = np.array([classifier.labels[words[0]] for words in examples.labels])
    brier = sum(
        brier_score_loss(names == name, probabilities[:, column].clip(0, 1))
        for column, name in enumerate(classifier.label_names)
    )
    record = tuning(found)
    best = record["trials"][record["best_trial"]]
    assert best["score"] == pytest.approx(best["value"] - 0.3 * brier, abs=1e-5)


def test_metric_of_a_label() -> None:
    assert TuningSettings(metric="f1:a:b").label == "a:b"
    assert TuningSettings(metric="macro_f1").label is None
