"""Settings of evaluation and compression."""

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


@dataclass(frozen=True, kw_only=True)
class CompressionSettings:
    """How a text classifier is made smaller; names are those of fastText's `quantize`."""

    max_size: str | None = setting(
        None,
        metavar="2MB",
        help="keep as many words and n-grams as a model file of this size has room for",
    )
    cutoff: int | None = setting(
        None,
        minimum=1,
        help="words and n-grams to keep, those with the longest vectors; by default all",
    )
    dsub: int = setting(2, minimum=1, help="numbers of a vector that share a byte")
    qnorm: bool = setting(False, help="keep the lengths of vectors in a byte of their own")
    qout: bool = setting(
        False, help="make the labels' vectors smaller, too, if that makes the file smaller"
    )
    seed: int = setting(
        1, minimum=0, help="start of the random numbers; the same seed gives the same model"
    )
    threads: int | None = setting(
        None, minimum=1, recorded=False, help="threads; by default all processors"
    )

    def __post_init__(self) -> None:
        settings.check(self)
        if self.max_size is not None and self.cutoff is not None:
            raise SettingError(
                f"max_size is {self.max_size!r} and cutoff is {self.cutoff}; give one of them"
            )
        _ = self.max_bytes

    @property
    def max_bytes(self) -> int | None:
        """`max_size` in bytes."""
        return None if self.max_size is None else settings.byte_size("max_size", self.max_size)
