from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from nlp_engine.errors import FormatError
from nlp_engine.manifest import read_manifest, write_manifest
from nlp_engine.personalize.evaluation.result import ItemsEvaluation, RankingResult, eval_json
from nlp_engine.reports.items import write_items_report
from tests.reports.page import Page

pytest.importorskip("matplotlib")


def result(ndcg: float, difference: float | None = None) -> RankingResult:
    return RankingResult(
        users=1234,
        coverage=0.25,
        mean_reciprocal_rank_at_25=0.5,
        ndcg={5: ndcg - 0.01, 10: ndcg, 25: ndcg + 0.01},
        precision={5: 0.3, 10: 0.2, 25: 0.1},
        hit_rate_at_10=0.6,
        standard_error=0.004,
        difference=difference,
        difference_error=None if difference is None else 0.002,
    )


def folder_of(folder: Path, evaluation: ItemsEvaluation) -> Path:
    folder.mkdir()
    (folder / "eval.json").write_text(json.dumps(eval_json(evaluation)))
    write_manifest(
        folder,
        format="items evaluation",
        language="en",
        started=time.monotonic(),
        settings={"user": "USER_ID", "value": None},
        counts={"cold_lists": 1234},
    )
    return folder


def test_the_page_has_every_recommender_of_both_splits(tmp_path: Path) -> None:
    evaluation = ItemsEvaluation(
        cold={
            "text vectors": result(0.1234),
            "<b>KIND</b>": result(0.0987, -0.0247),
            "32 of 1000 topics": result(0.1357, 0.0123),
        },
        warm={"popularity": result(0.0456, 0.01)},
    )
    folder = folder_of(tmp_path / "evaluation", evaluation)
    write_items_report(folder)
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    page.check_whole_and_self_contained()
    for text in ("0.1234", "0.0987", "-0.0247", "+0.0123", "0.0456", "<b>KIND</b>", "1,234"):
        assert text in page.text
    assert "None" not in page.text and "<b>KIND" not in page.source
    assert page.source.count("<svg") == 2
    assert "report.html" in [file.name for file in read_manifest(folder, "items evaluation").files]


def test_without_vectors_nothing_is_compared(tmp_path: Path) -> None:
    both = {"popularity": result(0.0456)}
    folder = folder_of(tmp_path / "evaluation", ItemsEvaluation(cold=both, warm=both))
    write_items_report(folder)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "to vectors" not in text and "dotted line" not in text


def test_another_folder_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "evaluation", ItemsEvaluation(cold={}, warm={}))
    text = (folder / "manifest.json").read_text().replace('"items evaluation"', '"evaluation"')
    (folder / "manifest.json").write_text(text)
    with pytest.raises(FormatError, match="expected the folder"):
        write_items_report(folder)
