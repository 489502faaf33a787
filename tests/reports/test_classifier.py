from __future__ import annotations

import dataclasses
import errno
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.classification.evaluation import evaluate_examples, write_eval_json
from nlp_engine.classification.evaluation.examples import LabelledExamples
from nlp_engine.classification.evaluation.result import ClassificationResult, LearningPoint
from nlp_engine.errors import FormatError, InputError, OutputError
from nlp_engine.manifest import read_manifest, write_manifest
from nlp_engine.reports.classifier import write_classifier_report
from tests.classification.arrays import told
from tests.reports.page import Page


def result_of(
    labels: Sequence[str], *, examples: int = 200, several: bool = False, costs: bool = False
) -> ClassificationResult:
    """What a classifier of these labels reaches that is right more often than not."""
    generator = np.random.default_rng(1)
    true = generator.integers(0, len(labels), (examples, 1 + several))
    logits = generator.normal(size=(examples, len(labels)))
    for column in true.T:
        logits[np.arange(examples), column] += 3
    table = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    words = [f"__label__{label.replace(' ', '_')}" for label in labels]
    read = LabelledExamples(
        labels=[list(dict.fromkeys(words[column] for column in row)) for row in true],
        texts=[" ".join(f"{p:.4f}" for p in row) + " <b>text</b> & more" for row in table],
        lines=range(1, examples + 1),
        unlabelled=[],
    )
    matrix = 1.0 - np.eye(len(labels)) + np.triu(np.ones((len(labels),) * 2), 1)
    return evaluate_examples(told(*labels), read, cost_matrix=matrix if costs else None)


def page_of(folder: Path, format: str = "evaluation", **results: ClassificationResult) -> Page:
    folder.mkdir(exist_ok=True)
    write_eval_json(folder, results)
    write_manifest(
        folder,
        format=format,
        language="en",
        started=time.monotonic(),
        settings={"k": "1,3,5", "threads": None},
        counts={"examples": 12345},
    )
    write_classifier_report(folder)
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    page.check_whole_and_self_contained()
    assert "None" not in page.text
    assert "nan" not in page.source
    return page


def test_two_labels_with_everything(tmp_path: Path) -> None:
    result = result_of(["ham", "<spam>"], costs=True)
    points = [LearningPoint(10, 0.5, 0.4), LearningPoint(1000, 0.9, 0.8)]
    complete = dataclasses.replace(
        result, learning_curve=points, unknown_labels={"eggs": 3}, without_label=2
    )
    page = page_of(tmp_path / "my model", held=complete)
    assert page.source.count("<svg") == 6, "confusion, ROC, PR, reliability, learning, costs"
    assert result.curves is not None and result.costs is not None
    for text in (
        "my model", "Evaluation of a text classifier", "12,345", "On held",
        f"{result.accuracy:.3f}",
        f"{result.curves.macro.auc:.3f}", "false positive rate", "probability of the most probable",
        "macro F1", "1,000", "eggs (3)", "2 examples without a label", "<spam>",
        f"{result.costs.labels['ham'].cost:,.6g}", "the dot marks it", "<b>text</b> & more",
        "least expected cost",
    ):  # fmt: skip
        assert text in page.text, text
    assert "<b>text</b>" not in page.source and "<spam>" not in page.source
    assert "micro average" in page.text, "as a row of the table"
    assert page.source.count('class="swatch"') == 3, "one curve, and two labels with costs"
    assert "P@3" not in page.text, "of two labels"


def test_a_few_labels_have_a_confusion_matrix(tmp_path: Path) -> None:
    labels = [
        "New York",
        "a very long label that is cut",
        "日本",
        r"$\frac$ and $5",
        *(f"label {i}" for i in range(8)),
    ]
    result = result_of(labels)
    page = page_of(tmp_path / "out", format="classifier", train=result, test=result_of(labels))
    assert "Text classifier" in page.text
    assert page.source.count(">a very long …at is cut</text>") == 4, "twice in either picture"
    assert page.source.count(r">$\frac$ and $5</text>") == 4, "which is no formula"
    assert result.confusion is not None
    drawn = re.findall(r">(\d+)</text>", page.source)
    for row in result.confusion.values():
        assert {str(count) for count in row.values()} <= set(drawn)
    for text in ("P@3", "R@5", "for the labels with the most examples", "true", "predicted"):
        assert text in page.text, text
    assert page.source.count('class="swatch"') == 18, "eight labels and all of them, twice"


def test_many_labels_have_the_pairs_that_are_confused_most(tmp_path: Path) -> None:
    labels = [f"label {i}" for i in range(250)]
    page = page_of(tmp_path / "out", held=result_of(labels, examples=2000))
    assert "The labels that are taken for another most often" in page.text
    assert "share of the label" in page.text
    assert "The 200 largest of 250 labels" in page.text
    assert page.source.count("<svg") == 3


def test_several_labels_have_no_confusion_matrix(tmp_path: Path) -> None:
    page = page_of(tmp_path / "out", held=result_of(["a", "b", "c", "d"], several=True, costs=True))
    assert "Confusion" not in page.text
    assert "at least 0.5 probable" in page.text
    assert "R@1" in page.text and "P@3" in page.text
    assert page.source.count("<svg") == 4


@pytest.mark.parametrize("labels", [["a"], ["a", "b"]])
def test_edges(tmp_path: Path, labels: list[str]) -> None:
    one = result_of(labels, examples=1, costs=True)
    page = page_of(tmp_path / "out", held=one)
    assert "is right" in page.text or "Worst mistakes" in page.text


def test_only_what_was_evaluated_in_detail_is_drawn(tmp_path: Path) -> None:
    result = result_of(["a", "b"])
    plain = dataclasses.replace(result, curves=None)
    page = page_of(tmp_path / "out", train=plain, test=result)
    assert "On test" in page.text and "On train" not in page.text
    assert "–" in page.text, "no AUC of train"


def test_the_manifest_has_the_page_and_the_page_is_always_the_same(tmp_path: Path) -> None:
    result = result_of(["a", "b", "c"], costs=True)
    first = page_of(tmp_path / "out", held=result).source
    before = read_manifest(tmp_path / "out", "evaluation")
    assert [file.name for file in before.files] == ["eval.json", "report.html"]
    write_classifier_report(tmp_path / "out")
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == first
    assert read_manifest(tmp_path / "out", "evaluation") == before


def test_a_full_disk_leaves_the_old_page_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(tmp_path / "out", held=result_of(["a", "b", "c"])).source

    def write(path: Path, text: str, **_: object) -> None:
        path.write_bytes(text[:1000].encode())
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", write)
        with pytest.raises(OutputError, match=r"cannot write .*report\.html: the disk is full"):
            write_classifier_report(tmp_path / "out")
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == page
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_no_results_no_page(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        write_classifier_report(tmp_path / "none")
    page_of(tmp_path / "out", held=result_of(["a", "b"], examples=5))
    (tmp_path / "out" / "report.html").unlink()
    manifest = tmp_path / "out" / "manifest.json"
    manifest.write_text(
        re.sub(r'"files": \[.*?\]', '"files": []', manifest.read_text(), flags=re.S)
    )
    (tmp_path / "out" / "eval.json").write_text('{"test": {"accuracy": 1}}')
    with pytest.raises(FormatError, match=r"eval.json holds no results of a classifier"):
        write_classifier_report(tmp_path / "out")
    assert not (tmp_path / "out" / "report.html").exists()
