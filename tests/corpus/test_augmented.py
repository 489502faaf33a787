from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp_engine.corpus.augmented import (
    is_augmented_manifest,
    write_labelled,
    write_manifest_of_records,
)
from nlp_engine.errors import InputError


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_numbers_lists_and_names_as_a_labelling_job_writes_them(tmp_path: Path) -> None:
    metadata = {"class-name": "music", "type": "groundtruth/text-classification"}
    path = write(
        tmp_path / "train.manifest",
        {"source": "linux ready for prime time", "label": 1},
        {"source": "bowled by the slower one", "topic": [1, "Office Holder"]},
        {"source": "la la", "my-job": 3, "my-job-metadata": metadata},
        {"source": "no label", "label": []},
    )
    names = write_labelled(path, tmp_path / "train.txt")
    assert (tmp_path / "train.txt").read_text().splitlines() == [
        "__label__1 linux ready for prime time",
        "__label__1 __label__Office_Holder bowled by the slower one",
        "__label__3 la la",
        "no label",
    ]
    assert names == {
        "__label__1": "1", "__label__Office_Holder": "Office Holder", "__label__3": "3",
    }  # fmt: skip


def test_texts_invent_no_labels_and_no_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "m", {"source": "a __label__x\nb </s>\tc", "label": "y"})
    write_labelled(path, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "__label__y a ___label__x b &lt;/s&gt; c\n"


def test_what_is_no_augmented_manifest(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("__label__a {}\n")
    (tmp_path / "empty").write_text("")
    assert not is_augmented_manifest(tmp_path / "text")
    assert not is_augmented_manifest(tmp_path / "empty")
    assert is_augmented_manifest(write(tmp_path / "m", {"source": "x", "label": 1}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"source": "x", "label": 1', "line 2: no JSON"),
        ("[1]", "line 2: no JSON object"),
        ('{"source": "x"}', "line 2: beside 'source' one name with the label is expected, found n"),
        ('{"source": "x", "a": 1, "b": 2}', "line 2: .* found 'a', 'b'"),
        ('{"source": 3, "label": 1}', "line 2: 'source' is 3; it must be the text"),
        ('{"label": 1}', "line 2: 'source' is None"),
        ('{"source": "x", "label": {"a": 1}}', "line 2: a label is a text, a number or a list"),
        ('{"source": "x", "label": ["a b", "a_b"]}', "line 2: .*'a b' and 'a_b'"),
        ('{"source": "x", "label": "a_b"}\n{"source": "x", "label": "a b"}', "line 3: .*rename"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "m"
    path.write_text('{"source": "x", "label": 1}\n' + line + "\n")
    with pytest.raises(InputError, match=message):
        write_labelled(path, tmp_path / "out")


# What a pipe brings of one.


def test_texts_and_labels_one_after_the_other(tmp_path: Path) -> None:
    records = [
        "linux ready", "1",
        '"in quotes \\u00e9"', "[1, 3]",
        '" not JSON', "Office Holder",
        "1984", '"sf"',
    ]  # fmt: skip
    write_manifest_of_records((r.encode() for r in records), tmp_path / "m", "train_0")
    write_labelled(tmp_path / "m", tmp_path / "out")
    assert (tmp_path / "out").read_text(encoding="utf-8").splitlines() == [
        "__label__1 linux ready",
        "__label__1 __label__3 in quotes é",
        '__label__Office_Holder " not JSON',
        "__label__sf 1984",
    ]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([b"x", b"1", b"y"], "train_0, record 2: a text without a label"),
        ([b"x", b"1", b"\xff", b"1"], "train_0, record 2 is not UTF-8"),
        (
            [b"1", b"some text"],
            "train_0 begins with '1', then 'some text': a label before its text",
        ),
        ([b"x", b"1", b"y", b'{"a": 1}'], "train_0, record 3: a label is a text, a number or"),
    ],
)
def test_bad_records_are_named(tmp_path: Path, records: list[bytes], message: str) -> None:
    with pytest.raises(InputError, match=message):
        write_manifest_of_records(records, tmp_path / "m", "train_0")
