"""BlazingText's settings for text classification: names, ranges and defaults.

Source: Amazon SageMaker developer guide, "BlazingText hyperparameters".
"""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting

ENGINES = ("native", "fasttext")
BALANCED = "balanced"


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings:
    """How a text classifier is trained."""

    mode: str = setting("supervised", choices=("supervised",), help="the training architecture")
    vector_dim: int = setting(100, minimum=1, maximum=2048, help="length of the vectors")
    word_ngrams: int = setting(
        2, minimum=1, help="longest word n-gram used as a feature (supervised)"
    )
    buckets: int = setting(2_000_000, minimum=1, maximum=2**31 - 1, help="hash buckets for n-grams")
    min_count: int = setting(5, minimum=0, help="rarer words are left out")
    epochs: int = setting(5, minimum=1, maximum=2**31 - 1, help="passes over the examples")
    learning_rate: float = setting(0.05, above=0, help="learning rate at the start")
    early_stopping: bool = setting(
        False, help="stop when validation accuracy stops improving (supervised)"
    )
    patience: int = setting(
        4, minimum=1, help="epochs without improvement before stopping (supervised)"
    )
    min_epochs: int = setting(5, minimum=1, help="epochs before early stopping begins (supervised)")
    loss: str | None = setting(
        None,
        choices=("softmax", "ova"),
        help="softmax: an example has one label; ova: each label by itself, one against all; by "
        "default ova if some example has several (supervised)",
    )
    subwords: bool = setting(False, help="use character n-grams of words as features, too")
    min_char: int = setting(3, minimum=1, help="shortest character n-gram")
    max_char: int = setting(6, minimum=1, help="longest character n-gram")
    class_weights: str | None = setting(
        None,
        metavar="balanced|JSON",
        help="how much an example of a label counts: balanced, the less the more there are; or "
        'numbers by label, such as {"spam": 5}, or a file of them (supervised)',
    )
    pretrained_vectors: str | None = setting(
        None, metavar="MODEL", help="vectors to start from: a vectors folder or file"
    )
    seed: int = setting(
        1,
        minimum=0,
        help="start of the random numbers; with one thread the same seed, corpus and settings "
        "give the same model",
    )
    threads: int | None = setting(
        None, minimum=1, maximum=1024, help="threads; by default all processors"
    )
    engine: str = setting(
        "native", choices=ENGINES, help="the trainer; the others are there to compare with"
    )

    def __post_init__(self) -> None:
        settings.check(self)
        if self.max_char < self.min_char:
            raise SettingError(
                f"max_char is {self.max_char}, below min_char {self.min_char}; "
                "raise max_char or lower min_char"
            )
        for name in ("early_stopping", "class_weights"):
            value = getattr(self, name)
            if self.engine == "fasttext" and value:
                raise SettingError(
                    f"{name} is {value}, which engine fasttext lacks; use engine native"
                )

    @property
    def has_ngrams(self) -> bool:
        """Whether any feature is hashed to a bucket."""
        return self.word_ngrams > 1 or self.subwords
