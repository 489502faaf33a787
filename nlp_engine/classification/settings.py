"""Settings of evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class ClassifierEvaluationSettings:
    """How a text classifier is evaluated."""

    k: str = setting(
        "1,3,5",
        metavar="1,3,5",
        help="precision and recall of that many of the most probable labels of each text; numbers "
        "above that of the labels are passed over (classifiers)",
    )

    def __post_init__(self) -> None:
        settings.check(self)
        _ = self.ks

    @property
    def ks(self) -> tuple[int, ...]:
        """The numbers in `k`, rising."""
        try:
            numbers = sorted({int(part) for part in self.k.split(",")})
        except ValueError:
            numbers = [0]
        if numbers[0] < 1:
            raise SettingError(
                f"k is {self.k!r}; it must be numbers from 1 with commas between, such as 1,3,5"
            )
        return tuple(numbers)
