"""Settings of the search."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting

METRICS = ("accuracy", "macro_f1", "micro_f1")
LABEL_F1 = "f1:"


@dataclass(frozen=True, kw_only=True)
class TuningSettings:
    """How settings of a classifier are searched."""

    metric: str = setting(
        "accuracy",
        metavar="accuracy|macro_f1|micro_f1|f1:LABEL",
        help="what the validation examples shall have most of; f1:LABEL is one label's",
    )
    minutes: float = setting(5.0, above=0, help="time for the search; the first trial has more")
    trials: int | None = setting(
        None, minimum=1, help="most settings to try; by default as many as there is time for"
    )

    def __post_init__(self) -> None:
        settings.check(self)
        if self.metric not in METRICS and self.label is None:
            raise SettingError(
                f"metric is {self.metric!r}; it must be one of {', '.join(METRICS)}, or "
                f"{LABEL_F1}LABEL with a label of the examples"
            )

    @property
    def label(self) -> str | None:
        """The label whose F1 is wanted, if it is one's."""
        label = self.metric.removeprefix(LABEL_F1)
        return label if label and label != self.metric else None
