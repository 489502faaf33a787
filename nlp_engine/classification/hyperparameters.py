"""BlazingText's settings for text classification: names, ranges and defaults.

Source: Amazon SageMaker developer guide, "BlazingText hyperparameters".
"""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting

ENGINES = ("fasttext",)


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings:
    """How a text classifier is trained."""

    mode: str = setting("supervised", choices=("supervised",), help="the training architecture")
    vector_dim: int = setting(100, minimum=1, maximum=2048, help="length of the vectors")
    word_ngrams: int = setting(
        2, minimum=1, help="longest word n-gram used as a feature (supervised)"
    )
    buckets: int = setting(2_000_000, minimum=1, help="hash buckets for n-grams")
    min_count: int = setting(5, minimum=0, help="rarer words are left out")
    epochs: int = setting(5, minimum=1, help="passes over the examples")
    learning_rate: float = setting(0.05, above=0, help="learning rate at the start")
    early_stopping: bool = setting(
        False, help="stop when validation accuracy stops improving (supervised)"
    )
    patience: int = setting(
        4, minimum=1, help="epochs without improvement before stopping (supervised)"
    )
    min_epochs: int = setting(5, minimum=1, help="epochs before early stopping begins (supervised)")
    seed: int = setting(0, minimum=0, help="start of the random generator (supervised)")
    threads: int | None = setting(None, minimum=1, help="threads; by default all processors")
    engine: str = setting("fasttext", choices=ENGINES, help="the trainer")

    def __post_init__(self) -> None:
        settings.check(self)
        if self.early_stopping and self.engine == "fasttext":
            raise SettingError(
                "early_stopping is True, which engine fasttext lacks; leave it False"
            )
