from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy.sparse", exc_type=ImportError)

from nlp_engine.errors import FormatError, InputError
from nlp_engine.formats.recordio import read_records
from nlp_engine.personalize.factorization.feature_space import FeatureSpace
from nlp_engine.personalize.factorization.features import write_fm_records
from nlp_engine.personalize.factorization.item_features import read_item_features
from nlp_engine.personalize.items import build_items

FEATURES = {
    "TOPICS": {"m1": ["c0001", "c0007"], "m2": ["c0001"], "m3": ["c0002"]},
    "ENTITIES": {"m1": ["Paris"]},
}
RATINGS = [("ann", "m1", 4.0), ("bob", "m2", 2.5), ("ann", "m2", 5.0)]


def test_records_have_users_items_and_their_values(tmp_path: Path) -> None:
    space = write_fm_records(tmp_path / "train.pb", RATINGS, FEATURES)
    # 2 users, 3 items with m3 that nobody rated, 3 topics, 1 entity
    assert space.feature_dim == 9
    with (tmp_path / "train.pb").open("rb") as stream:
        records = list(read_records(stream, "train.pb"))
    keys = [bytes([0, 2, 5, 6, 8]), bytes([1, 3, 5]), bytes([0, 3, 5])]
    for record, row, label in zip(records, keys, (4.0, 2.5, 5.0), strict=True):
        assert bytes([18, len(row)]) + row in record
        assert record.endswith(np.float32(label).tobytes())
    matrix = space.rows(*([row[place] for row in RATINGS] for place in (0, 1)))
    assert [row.indices.tolist() for row in matrix] == [list(row) for row in keys]
    # The values of a column of the items share 1, whatever the other columns have.
    assert matrix[0].data.tolist() == [1, 1, 0.5, 0.5, 1]


def test_items_may_be_known_by_their_values_alone(tmp_path: Path) -> None:
    space = write_fm_records(tmp_path / "train.pb", RATINGS, FEATURES, item_ids=False)
    assert space.feature_dim == 6
    assert space.row("ann", "m1") == ([0, 2, 3, 5], [1, 0.5, 0.5, 1])
    assert space.row("ann", "unheard of") == ([0], [1])


def test_new_items_have_the_values_that_are_known() -> None:
    space = FeatureSpace.of(["ann"], ["m1"], FEATURES)
    later = space.with_items({"TOPICS": {"m9": ["c0002", "c0999"]}, "OTHER": {"m9": ["x"]}})
    assert later.feature_dim == space.feature_dim
    assert later.row("ann", "m9") == ([0, space.values["TOPICS"]["c0002"]], [1, 1])


def test_an_instance_is_sparse_json() -> None:
    space = FeatureSpace.of(["ann"], ["m1"], FEATURES)
    assert space.instance("ann", "m3") == {
        "data": {"features": {"keys": [0, 3, 6], "shape": [8], "values": [1, 1, 1]}}
    }


def test_a_test_channel_has_the_columns_of_the_training(tmp_path: Path) -> None:
    space = write_fm_records(tmp_path / "train.pb", RATINGS, FEATURES)
    same = write_fm_records(tmp_path / "test.pb", [("new", "m3", 1.0)], space=space)
    assert same is space
    assert space.row("new", "m3") == ([4, 7], [1, 1])


def test_a_label_that_is_no_number_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 2"):
        write_fm_records(tmp_path / "train.pb", [RATINGS[0], ("u", "m1", float("nan"))])
    assert list(tmp_path.iterdir()) == []


def test_columns_are_numbered_without_gaps() -> None:
    space = FeatureSpace.of(["a", "b", "a"], ["x", "y", "x"], FEATURES)
    blocks = (space.users, space.items, *space.values.values())
    columns = [number for block in blocks for number in block.values()]
    assert columns == list(range(space.feature_dim))


def test_damaged_columns_are_named(tmp_path: Path) -> None:
    FeatureSpace.of(["ann"], ["m1"], FEATURES).save(tmp_path)
    (tmp_path / "columns.json").write_text('{"users": ["ann"]}')
    with pytest.raises(FormatError, match=r"columns\.json"):
        FeatureSpace.open(tmp_path)


def test_values_of_items_are_those_of_the_items_folder(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    rows = ["m1,a,war|love", "m2,b,", "m3,c,love"]
    source.write_text("\n".join(["id,text,genre", *rows]) + "\n")
    build_items(source, tmp_path / "items", categories=("genre",))
    expected = {"GENRE": {"m1": ["war", "love"], "m3": ["love"]}}
    assert read_item_features(tmp_path / "items") == expected
    assert read_item_features(tmp_path / "items", ["GENRE"]) == expected
    with pytest.raises(InputError, match="no categorical column TOPICS; it has: GENRE"):
        read_item_features(tmp_path / "items", ["TOPICS"])
