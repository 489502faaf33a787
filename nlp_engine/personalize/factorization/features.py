"""Ratings as training data of SageMaker's Factorization Machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlp_engine.errors import InputError
from nlp_engine.files import new_file
from nlp_engine.formats.recordio_protobuf import write_sparse_row
from nlp_engine.personalize.factorization.feature_space import FeatureSpace, ItemFeatures


def write_fm_records(
    path: Path | str,
    interactions: Sequence[tuple[str, str, float]],
    item_features: ItemFeatures | None = None,
    *,
    item_ids: bool = True,
    space: FeatureSpace | None = None,
) -> FeatureSpace:
    """Write training data for SageMaker's Factorization Machines, as RecordIO-protobuf.

    Args:
        path: The file to write, whole or not at all.
        interactions: User, item and label (a rating, or 0 and 1), a row each.
        item_features: Values by column and item, such as topic codes and entities, which
            `read_item_features` takes from an items folder.
        item_ids: Whether each item has a column of its own, see `FeatureSpace.of`.
        space: The columns of another file, for a test channel; the values of items and `item_ids`
            are its own then.

    Returns:
        The columns; `feature_dim` is a hyperparameter of the training job.

    Raises:
        InputError: There is no interaction, or a label is not finite; the message names the row.
        OutputError: The file cannot be written.
    """
    if not interactions:
        raise InputError("there is no interaction to write")
    if space is None:
        users = [user for user, _, _ in interactions]
        items = [item for _, item, _ in interactions]
        space = FeatureSpace.of(users, items, item_features, item_ids=item_ids)
    with new_file(Path(path)) as partial, partial.open("wb") as stream:
        for number, (user, item, label) in enumerate(interactions, 1):
            if not np.isfinite(label):
                raise InputError(f"row {number}: the label {label} is not finite")
            columns, values = space.row(user, item)
            write_sparse_row(stream, columns, values, space.feature_dim, label)
    return space
