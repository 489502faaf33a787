from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from nlp_engine.errors import FormatError, InputError
from nlp_engine.manifest import (
    FORMAT_VERSIONS,
    Manifest,
    engine_version,
    manifest_of_file,
    read_manifest,
    write_manifest,
)


def make(folder: Path, text: str = "one two\n", **extra: object) -> Manifest:
    folder.mkdir(exist_ok=True)
    (folder / "sentences.txt").write_text(text)
    source = folder.parent / "source.txt"
    source.write_text("One. Two.")
    return write_manifest(
        folder,
        format="corpus",
        language="en",
        started=time.monotonic(),
        sources=[source],
        settings={"tokenizer": "fast"},
        counts={"tokens": 2},
        **extra,  # type: ignore[arg-type]
    )


def edit(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_round_trip(tmp_path: Path) -> None:
    written = make(tmp_path / "corpus")
    assert read_manifest(tmp_path / "corpus", "corpus") == written
    assert written.engine_version == engine_version()
    assert [record.name for record in written.files] == ["sentences.txt"]
    assert written.files[0].bytes == 8
    assert written.sources[0].name == "source.txt"
    assert written.counts == {"tokens": 2}


def test_every_recorded_hash_is_the_files_sha256(tmp_path: Path) -> None:
    import hashlib

    written = make(tmp_path / "corpus")
    assert written.files[0].sha256 == hashlib.sha256(b"one two\n").hexdigest()
    assert written.sources[0].sha256 == hashlib.sha256(b"One. Two.").hexdigest()


def test_equal_content_has_equal_ids_and_other_content_another(tmp_path: Path) -> None:
    first, same = make(tmp_path / "a"), make(tmp_path / "b")
    other = make(tmp_path / "c", "three four\n")
    child = make(tmp_path / "d", parents=[other])
    assert re.fullmatch("[0-9a-f]{16}", first.id)
    assert first.id == same.id
    assert len({first.id, other.id, child.id}) == 3
    assert child.parents == {"corpus": other.id}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "vectors"}, "holds: vectors; expected the folder (corpus)"),
        ({"format_version": 99}, "reads up to 1: pip install --upgrade nlp-engine"),
        ({"format_version": "new"}, "no manifest of nlp_engine"),
        ({"surprise": 1}, "no manifest of nlp_engine"),
        ({"files": [{"name": "gone", "bytes": 1, "sha256": ""}]}, "gone is missing"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    make(tmp_path / "corpus")
    edit(tmp_path / "corpus", **changes)
    with pytest.raises(FormatError) as error:
        read_manifest(tmp_path / "corpus", "corpus")
    assert message in str(error.value)


def test_a_file_cut_short_is_noticed(tmp_path: Path) -> None:
    make(tmp_path / "corpus")
    (tmp_path / "corpus" / "sentences.txt").write_text("one")
    with pytest.raises(FormatError, match="has 3 bytes, its manifest says 8"):
        read_manifest(tmp_path / "corpus", "corpus")


def test_no_folder_no_manifest_no_json(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; expected the folder .corpus."):
        read_manifest(tmp_path / "nothing", "corpus")
    with pytest.raises(FormatError, match="has no manifest.json"):
        read_manifest(tmp_path, "corpus")
    (tmp_path / "manifest.json").write_text("{half")
    with pytest.raises(FormatError, match="make it again"):
        read_manifest(tmp_path, "corpus")


def test_the_manifest_of_a_file(tmp_path: Path) -> None:
    written = make(tmp_path / "corpus")
    assert manifest_of_file(tmp_path / "corpus" / "sentences.txt", "corpus") == written
    assert manifest_of_file(tmp_path / "source.txt", "corpus") is None


def test_every_format_has_a_version() -> None:
    assert all(version >= 1 for version in FORMAT_VERSIONS.values())
