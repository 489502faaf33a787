"""Channels: what they are, and the text that comes out of them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from nlp_engine.errors import FormatError, InputError
from nlp_engine.sagemaker.container import pipes
from nlp_engine.sagemaker.container.channels import Channel, read_channels
from nlp_engine.sagemaker.container.texts import channel_text
from tests.sagemaker.container.jobs import Pipes, describe, make_root, wrapped


def text_of(
    root: Path, name: str = "train", *, supervised: bool = False, several_files: str = "refuse"
) -> bytes:
    scratch = root / "scratch"
    scratch.mkdir(exist_ok=True)
    channel = read_channels(root)[name]
    path, _ = channel_text(channel, scratch, supervised=supervised, several_files=several_files)
    return path.read_bytes()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path, {})


def put(root: Path, **files: bytes) -> Path:
    """Write files of the channel `train`; `__` in their names stands for `/`."""
    folder = root / "input" / "data" / "train"
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_channels_as_sagemaker_describes_them(root: Path) -> None:
    describe(root, "inputdataconfig", {
        "train": {"TrainingInputMode": "Pipe", "RecordWrapperType": "RecordIO",
                  "S3DistributionType": "ShardedByS3Key"},
        "validation": {"ContentType": "text/plain"},
    })  # fmt: skip
    data = root / "input" / "data"
    assert read_channels(root) == {
        "train": Channel(
            name="train", path=data / "train_0", piped=True, wrapped=True, sharded=True
        ),
        "validation": Channel(name="validation", path=data / "validation"),
    }


def test_channels_without_a_description_are_the_folders_and_pipes(root: Path) -> None:
    put(root, one=b"x")
    data = root / "input" / "data"
    os.mkfifo(data / "validation_0")
    (data / "train-manifest").write_text("of SageMaker")
    assert read_channels(root) == {
        "train": Channel(name="train", path=data / "train"),
        "validation": Channel(name="validation", path=data / "validation_0", piped=True),
    }


def test_an_unknown_input_mode(root: Path) -> None:
    describe(root, "inputdataconfig", {"train": {"TrainingInputMode": "Stream"}})
    with pytest.raises(InputError, match="'Stream'; it must be one of File, FastFile, Pipe"):
        read_channels(root)


# Files.


def test_what_is_empty_hidden_or_of_spark_does_not_count(root: Path) -> None:
    folder = put(root, _SUCCESS=b"", _meta=b"x", empty=b"", _temporary__part=b"x", a__b=b"text\n")
    for name in (".part.crc", "manifest.json", "labels.json"):
        (folder / name).write_bytes(b"x")
    assert text_of(root) == b"text\n"


def test_a_channel_without_any_file_with_text(root: Path) -> None:
    put(root, _SUCCESS=b"", empty=b"")
    with pytest.raises(InputError, match="the channel train is empty"):
        text_of(root)


def test_several_files_are_refused_by_default(root: Path) -> None:
    put(root, **{f"part{number:02}": b"x" for number in range(12)})
    with pytest.raises(InputError, match="12 files, found part00, part01, .* and 2 more; Blazing"):
        text_of(root)


def test_several_files_one_after_the_other(root: Path) -> None:
    put(root, b=b"last", a=b"first\n", _c=b"x")
    assert text_of(root, several_files="concat") == b"first\nlast\n"


def test_a_file_of_records_is_known_by_its_content(root: Path) -> None:
    put(root, records=wrapped("a text", 1))
    assert text_of(root, supervised=True) == b'{"source": "a text", "label": 1}\n'


# Pipes.


def piped(root: Path, wrapper: str = "None") -> None:
    describe(
        root,
        "inputdataconfig",
        {"train": {"TrainingInputMode": "Pipe", "RecordWrapperType": wrapper}},
    )


def test_text_is_copied_and_later_pipes_are_left_alone(root: Path) -> None:
    piped(root)
    pipes = Pipes(root, {"train": b"one two\n" * 50_000})
    assert text_of(root) == b"one two\n" * 50_000
    assert pipes.passes == {"train": 1}


def test_records_of_an_augmented_manifest(root: Path) -> None:
    piped(root, "RecordIO")
    Pipes(root, {"train": wrapped("first", 1, "second", [1, 3])})
    assert text_of(root, supervised=True).splitlines() == [
        b'{"source": "first", "label": 1}',
        b'{"source": "second", "label": [1, 3]}',
    ]


@pytest.mark.parametrize(
    ("supervised", "objects"),
    [(False, ("one two\n", "three")), (True, ("__label__a x\n", "__label__b y"))],
)
def test_records_that_are_whole_objects(
    root: Path, supervised: bool, objects: tuple[str, str]
) -> None:
    piped(root, "RecordIO")
    Pipes(root, {"train": wrapped(*objects)})
    assert text_of(root, supervised=supervised) == f"{objects[0]}{objects[1]}\n".encode()


def test_text_where_records_are_expected(root: Path) -> None:
    piped(root, "RecordIO")
    Pipes(root, {"train": b"__label__1 some text\n"})
    with pytest.raises(FormatError, match="train_0, byte 0: a record begins with 0a 23 d7 ce"):
        text_of(root, supervised=True)


@pytest.mark.parametrize("wrapper", ["None", "RecordIO"])
def test_a_pipe_that_brings_nothing_but_its_end(root: Path, wrapper: str) -> None:
    piped(root, wrapper)
    Pipes(root, {"train": b""})
    with pytest.raises(InputError, match="the channel train is empty: .*train_0 brought nothing"):
        text_of(root)


def test_a_pipe_without_a_writer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "PATIENCE_SECONDS", 0.3)
    piped(root)
    with pytest.raises(InputError, match="train_0 has not appeared in 0.3 seconds"):
        text_of(root)
    (root / "input" / "data").mkdir()
    os.mkfifo(root / "input" / "data" / "train_0")
    with pytest.raises(InputError, match="nothing has come through the pipe .*train_0 in 0.3"):
        text_of(root)


def test_a_folder_in_the_place_of_a_pipe(root: Path) -> None:
    piped(root)
    (root / "input" / "data" / "train_0").mkdir(parents=True)
    with pytest.raises(InputError, match="train_0 is a folder; a channel in Pipe mode has a pipe"):
        text_of(root)


def test_a_pipe_that_appears_later(root: Path) -> None:
    piped(root)
    timer = threading.Timer(0.3, Pipes, (root, {"train": b"text\n"}))
    timer.start()
    assert text_of(root) == b"text\n"
    timer.join()
