"""What an evaluation of items found, and its form in `eval.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlp_engine.errors import FormatError
from nlp_engine.files import check_input_file

KS = (5, 10, 25)
"""Lengths of lists that Personalize reports metrics of."""


@dataclass(frozen=True, kw_only=True)
class RankingResult:
    """Metrics of one recommender, by Personalize's definitions; means over users.

    Attributes:
        users: Test users.
        coverage: Share of all items that is in some list of 25.
        mean_reciprocal_rank_at_25: Of the first hit.
        ndcg: nDCG at 5, 10 and 25.
        precision: Precision at 5, 10 and 25.
        hit_rate_at_10: Share of the users with a hit in 10.
        standard_error: Of nDCG@10, over users.
        difference: Of nDCG@10 from that of the text vectors for the same users, if there are any.
        difference_error: Standard error of the difference, over users.
    """

    users: int
    coverage: float
    mean_reciprocal_rank_at_25: float
    ndcg: Mapping[int, float]
    precision: Mapping[int, float]
    hit_rate_at_10: float
    standard_error: float
    difference: float | None = None
    difference_error: float | None = None


@dataclass(frozen=True, kw_only=True)
class ItemsEvaluation:
    """Metrics by recommender.

    Attributes:
        warm: On Personalize's split: the newest tenth of the interactions of a tenth of the users.
        cold: On items without any interaction.
    """

    warm: Mapping[str, RankingResult]
    cold: Mapping[str, RankingResult]


def eval_json(evaluation: ItemsEvaluation) -> dict[str, Any]:
    """The evaluation as `eval.json` has it."""
    return asdict(evaluation)


def read_eval_json(path: Path) -> ItemsEvaluation:
    """Read `eval.json`.

    Raises:
        InputError: There is no such file.
        FormatError: It is no evaluation of items.
    """
    try:
        content = json.loads(check_input_file(path).read_text(encoding="utf-8"))
        warm, cold = (
            {name: _result(values) for name, values in content[part].items()}
            for part in ("warm", "cold")
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{path} is no evaluation of items: {error}") from error
    return ItemsEvaluation(warm=warm, cold=cold)


def _result(values: Mapping[str, Any]) -> RankingResult:
    at_k = {
        name: {int(k): value for k, value in values[name].items()} for name in ("ndcg", "precision")
    }
    return RankingResult(**{**values, **at_k})
