"""Evaluating on files: what is read, warned of, written, and found on real texts."""

from __future__ import annotations

import bz2
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import sklearn.metrics

from nlp_engine.classification import evaluation
from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluate import evaluate_classifier
from nlp_engine.classification.evaluation import (
    eval_json,
    evaluate_file,
    evaluate_folds,
    read_eval_json,
    read_examples,
    write_eval_json,
)
from nlp_engine.classification.train import train_classifier
from nlp_engine.demo import DemoResult
from nlp_engine.errors import FormatError, InputError, OutputError, SettingError
from nlp_engine.manifest import read_manifest
from tests.classification.arrays import told

SMALL = {"vector_dim": 8, "buckets": 1000, "epochs": 10, "learning_rate": 0.5, "min_count": 1,
         "threads": 1}  # fmt: skip


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_examples_are_read_by_fasttexts_rules(tmp_path: Path) -> None:
    path = write(
        tmp_path / "examples.txt",
        "__label__a one\ttwo\r\n\n"
        "three __label__b __label__c  __label__b\n"
        "none\n"
        "__label__a first </s> __label__b second </s>\n"
        "__label__a\n"
        "__label__b no\u00a0break",
    )
    examples = read_examples(path)
    a, b, c = "__label__a", "__label__b", "__label__c"
    assert examples.labels == [[a], [b, c], [a], [b], [a], [b]]
    assert examples.texts == ["one two", "three", "first", "second", "", "no\u00a0break"]
    assert examples.lines == [1, 3, 5, 5, 6, 7]
    assert examples.unlabelled == [4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no label here\nnor here\n", r"has no example: no line has a label .__label__NAME"),
        (b"__label__a fine\n__label__a \xff\n", "line 2: not UTF-8"),
        (b"", "has no example: it is empty"),
        (b"\n \n", "has no example: it is empty"),
    ],
)
def test_files_without_examples(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_examples(write(tmp_path / "examples.txt", content))


def test_lines_without_label_and_unknown_labels_are_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(
        tmp_path / "held.txt",
        "__label__ham 0.9 0.1\n0.5 0.5\n__label__eggs 0.8 0.2\n__label__eggs __label__ham 0.7 0.3\n"
        "0.1 0.9\n__label__spam\n",
    )
    result = evaluate_file(told("ham", "spam"), path)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: 2 examples without a label left out, the first in line 2",
        f"{path}: the model was not trained on 'eggs'; "
        "2 examples with such a label count as errors",
    ]
    assert (result.examples, result.without_label) == (4, 2)
    assert result.unknown_labels == {"eggs": 2}
    # Right: ham, and one of eggs and ham. A label without text gets the prior, here even: ham.
    assert result.accuracy == 0.5
    assert result.labels["eggs"].recall == 0
    assert result.at_k[1].recall == 2 / 5, "of the five labels"
    assert result.mistakes is not None
    assert [(m.line, m.labels, m.predicted) for m in result.mistakes] == [
        (3, ["eggs"], "ham"), (6, ["spam"], "ham"),
    ]  # fmt: skip
    caplog.clear()
    evaluate_file(told("ham", "spam"), write(path, "__label__ham 1 0\n"))
    assert caplog.records == []


def test_labels_in_quotation_marks_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "held.txt", '__label__ham 0.9 0.1\n"__label__Office Holder" 0.5 0.5\n')
    evaluate_file(told("ham", "spam"), path)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: 1 example without a label left out, the first in line 2; "
        "write labels without quotation marks and spaces"
    ]


def test_the_worst_mistakes(tmp_path: Path) -> None:
    rows = [(0.4 + i / 100, "b" if i % 2 else "a") for i in range(60)]
    text = "".join(f"__label__{label} {p:.2f} {1 - p:.2f}\n" for p, label in rows)
    path = write(tmp_path / "held.txt", text + "__label__b 1 0\t" + " " * 500 + "\n")
    result = evaluate_file(told("a", "b"), path)
    assert result.mistakes is not None
    assert len(result.mistakes) == 20
    sure = [mistake.probability for mistake in result.mistakes]
    assert sure == sorted(sure, reverse=True)
    worst = result.mistakes[0]
    assert (worst.line, worst.labels, worst.predicted) == (61, ["b"], "a")
    assert (worst.probability, worst.true_probability, worst.text) == (1, 0, "1 0")
    long = evaluate_file(told("a"), write(path, "__label__b " + "1 " * 400))
    assert long.mistakes is not None
    assert re.fullmatch(r"(1 ){149}1 …", long.mistakes[0].text)


def test_eval_json(tmp_path: Path) -> None:
    path = write(tmp_path / "held.txt", "__label__a 0.9 0.1\n__label__b 0.8 0.2\n__label__b 0 1\n")
    results = evaluate_folds(told("a", "b"), {"train": path, "validation": None, "test": path})
    write_eval_json(tmp_path, results)
    content = json.loads((tmp_path / "eval.json").read_text())
    assert list(content) == ["train_accuracy", "test_accuracy", "train", "test"]
    test = content["test"]
    assert content["test_accuracy"] == test["accuracy"] == pytest.approx(2 / 3)
    assert test["examples"] == 3
    assert test["labels"]["b"] == {
        "precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3), "examples": 2, "predicted": 1,
        "correct": 1,
    }  # fmt: skip
    assert test["confusion"] == {"a": {"a": 1}, "b": {"a": 1, "b": 1}}
    assert test["at_k"] == {
        "1": {"precision": pytest.approx(2 / 3), "recall": pytest.approx(2 / 3)}
    }
    assert test["curves"]["macro"] == {"auc": 1, "average_precision": 1}
    assert list(test["curves"]["label_curves"]) == ["b"]
    assert len(test["calibration"]["bins"]) == 15
    assert test["mistakes"][0]["text"] == "0.8 0.2"
    assert not {"curves", "mistakes", "costs", "learning_curve"} & set(content["train"])
    assert set(test) - set(content["train"]) == {"curves", "mistakes"}
    again = read_eval_json(tmp_path / "eval.json")
    assert json.loads(json.dumps(eval_json(again))) == content


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"test": {}}', '{"test": {"accuracy": 1}}'])
def test_what_is_no_eval_json(tmp_path: Path, content: str) -> None:
    with pytest.raises(FormatError, match=r"eval.json holds no results of a classifier"):
        read_eval_json(write(tmp_path / "eval.json", content))
    with pytest.raises(FormatError, match=r"none.json holds no results"):
        read_eval_json(tmp_path / "none.json")


def test_one_fold_has_curves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "held.txt", "__label__a 0.9 0.1\n")
    for folds, shown in (
        (("train", "validation"), "validation"),
        (("train",), "train"),
        (("train", "validation", "test"), "test"),
    ):
        results = evaluate_folds(told("a", "b"), dict.fromkeys(folds, path))
        assert [fold for fold, result in results.items() if result.curves] == [shown]
    monkeypatch.setattr(evaluation, "_LARGEST_TABLE", 1)
    (result,) = evaluate_folds(told("a", "b"), {"test": path}).values()
    assert (result.accuracy, result.curves) == (1, None)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path} is too large for curves beside a training; use evaluate"
    ]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    fruit = "__label__fresh_fruit apples and pears grow on old trees\n"
    metal = "__label__metal iron and copper melt in hot furnaces\n"
    write(folder / "train.txt", (fruit + metal) * 40)
    train_classifier(folder / "train.txt", folder / "classifier", **SMALL)
    return folder


def test_a_folder_of_an_evaluation(model: Path, tmp_path: Path) -> None:
    held = write(tmp_path / "held.txt", "__label__metal copper\n__label__fresh_fruit pears\n")
    costs = write(tmp_path / "costs.csv", ",metal,fresh_fruit\nmetal,0,3\nfresh_fruit,1,0\n")
    results = evaluate_classifier(
        model / "classifier",
        [held, model / "train.txt"],
        tmp_path / "out",
        k="1",
        cost_matrix=costs,
    )
    assert list(results) == ["held", "train"]
    assert results["held"].costs is not None and results["held"].costs.most_probable == 0
    manifest = read_manifest(tmp_path / "out", "evaluation")
    parent = read_manifest(model / "classifier", "classifier")
    assert manifest.parents == {"classifier": parent.id}
    assert [source.name for source in manifest.sources] == ["held.txt", "train.txt", "costs.csv"]
    assert manifest.counts == {"files": 2, "examples": 82}
    assert manifest.settings == {"k": "1"}
    assert eval_json(read_eval_json(tmp_path / "out" / "eval.json"))["held_accuracy"] == 1
    with pytest.raises(OutputError, match="pass --overwrite"):
        evaluate_classifier(model / "classifier", [held], tmp_path / "out")
    with pytest.raises(InputError, match="two files to evaluate on are named held"):
        evaluate_classifier(model / "classifier", [held, held])
    with pytest.raises(InputError, match=r"none.txt does not exist"):
        evaluate_classifier(model / "classifier", [tmp_path / "none.txt"])
    with pytest.raises(SettingError, match="unknown setting 'restrict_vocab'"):
        evaluate_classifier(model / "classifier", [held], restrict_vocab=3)


def test_a_learning_curve(model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    held = write(tmp_path / "held.txt", "__label__metal copper\n__label__fresh_fruit pears\nx\n")
    training = model / "train.txt"
    (result,) = evaluate_classifier(model / "classifier", [held], learning_curve=training).values()
    points = result.learning_curve or ()
    assert [point.examples for point in points] == [5, 10, 20, 40, 80]
    assert all(point.accuracy == point.macro_f1 == 1 for point in points[2:])
    assert len(caplog.records) == 1, "x has no label, which is said once"


def test_what_gives_no_learning_curve(model: Path, tmp_path: Path) -> None:
    held = write(tmp_path / "held.txt", "__label__metal copper\n")
    one = write(tmp_path / "one.txt", "__label__metal copper\n" * 40)
    with pytest.raises(InputError, match=r"one.txt has fewer than two labels"):
        evaluate_classifier(model / "classifier", [held], learning_curve=one)
    with pytest.raises(InputError, match="bare model file are not known; name its folder"):
        evaluate_classifier(
            model / "classifier" / "model.bin", [held], learning_curve=model / "train.txt"
        )


def test_on_a_real_sample_scikit_learn_says_the_same(demo: DemoResult) -> None:
    classifier = Classifier.open(demo.folder / "classifier")
    path = demo.folder / "labelled" / "test.txt"
    result = evaluate_file(classifier, path)
    examples = read_examples(path)
    true = [classifier.labels[labels[0]] for labels in examples.labels]
    predicted = [p[0].label for p in classifier.predict_tokenized(examples.texts)]
    report = sklearn.metrics.classification_report(true, predicted, output_dict=True)
    assert result.accuracy == pytest.approx(report["accuracy"])
    assert result.macro.f1 == pytest.approx(report["macro avg"]["f1-score"])
    for label, scores in result.labels.items():
        assert scores.recall == pytest.approx(report[label]["recall"])
    table = classifier.probabilities(examples.texts)
    assert result.curves is not None
    for column, label in enumerate(classifier.label_names):
        auc = sklearn.metrics.roc_auc_score([name == label for name in true], table[:, column])
        assert result.curves.labels[label].auc == pytest.approx(auc)


def test_real_text_with_costs(data: Callable[[str], Path], tmp_path: Path) -> None:
    folder = data("classification/small_en")
    train = tmp_path / "train.txt"
    train.write_bytes(bz2.decompress((folder / "sms_spam.train.txt.bz2").read_bytes()))
    options: Mapping[str, object] = {**SMALL, "buckets": 10_000, "epochs": 5}
    train_classifier(train, tmp_path / "model", **options)
    costs = write(tmp_path / "costs.csv", ",ham,spam\nham,0,10\nspam,1,0\n")
    (result,) = evaluate_classifier(
        tmp_path / "model", [folder / "sms_spam.test.txt.bz2"], cost_matrix=costs
    ).values()
    assert result.accuracy > 0.95
    assert result.curves is not None and (result.curves.macro.auc or 0) > 0.97
    assert result.costs is not None
    spam = result.costs.labels["spam"]
    assert spam.threshold is not None and spam.threshold > 0.5, "losing a good mail is dear"
    assert spam.cost < spam.cost_at_half
    assert (result.costs.least_expected or 0) < (result.costs.most_probable or 0)
