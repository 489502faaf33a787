"""True labels as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LARGEST = 8


@dataclass(frozen=True, slots=True)
class Truth:
    """The true labels of N examples: T pairs of example and label.

    Attributes:
        names: (M) labels: the model's L first, then those that the model does not know.
        known: L.
        examples: N.
        rows: int64 (T) the example of each pair, rising.
        columns: int64 (T) its label, a place in `names`.
    """

    names: Sequence[str]
    known: int
    examples: int
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    @classmethod
    def of(cls, labels: Sequence[Sequence[str]], model_labels: Sequence[str]) -> Truth:
        """Encode labels.

        Args:
            labels: (N) the labels of each example, at least one and none twice.
            model_labels: (L) the labels that the model knows.
        """
        place = {name: column for column, name in enumerate(model_labels)}
        columns = [place.setdefault(name, len(place)) for names in labels for name in names]
        return cls(
            names=list(place),
            known=len(model_labels),
            examples=len(labels),
            rows=np.repeat(np.arange(len(labels)), [len(names) for names in labels]),
            columns=np.array(columns, np.int64),
        )

    @property
    def multi_label(self) -> bool:
        """Whether some example has several labels."""
        return len(self.rows) > self.examples

    @property
    def support(self) -> NDArray[np.int64]:
        """int64 (M), examples by label."""
        return np.bincount(self.columns, minlength=len(self.names))

    @property
    def unknown(self) -> dict[str, int]:
        """Examples by label that the model does not know."""
        return dict(zip(self.names[self.known :], self.support[self.known :].tolist(), strict=True))

    @property
    def shown(self) -> list[int]:
        """The known labels whose curves are worth a look: the largest, or one of two.

        Of two labels the curves of one mirror the other's; it is the one with fewer training
        examples, which is what one looks for.
        """
        if self.known == 2:
            return [1]
        support = self.support[: self.known]
        largest = np.argsort(-support, kind="stable")[:_LARGEST]
        return [column for column in largest.tolist() if support[column]]
