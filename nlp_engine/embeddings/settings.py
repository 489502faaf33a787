"""Settings of evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """How word vectors are evaluated."""

    restrict_vocab: int = setting(
        30_000, minimum=1, help="analogies are of that many of the most frequent words"
    )

    def __post_init__(self) -> None:
        settings.check(self)
