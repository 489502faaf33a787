"""Archives as MODEL: what is refused, whoever has packed them, and what is left behind."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from nlp_engine.errors import FormatError, InputError, NlpEngineError, OutputError
from nlp_engine.sagemaker.endpoint import Endpoint, archives
from tests.sagemaker.endpoint_models import train_models

REQUEST = b'{"instances": ["apple"]}'


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train_models(folder)
    return folder / "model.bin"


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where archives are unpacked."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


Member = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"", **more: object) -> Member:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    for attribute, value in more.items():
        setattr(made, attribute, value)
    return made, content


def link(name: str, to: str, type: bytes) -> Member:
    return file(name, type=type, linkname=to)


def pack(archive: Path, members: Iterable[Member], compression: str = "gz") -> Path:
    with tarfile.open(archive, f"w:{compression}") as made:
        for info, content in members:
            made.addfile(info, io.BytesIO(content))
    return archive


def check_refused(archive: Path, message: str, error: type[Exception] = FormatError) -> None:
    with pytest.raises(error, match=message) as caught:
        Endpoint.open(archive)
    assert str(caught.value).startswith(str(archive))


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_nothing_of_an_archive_is_left_behind(
    model: Path, tmp_path: Path, scratch: Path, compression: str
) -> None:
    content = model.read_bytes()
    archive = pack(tmp_path / "model.tar", [file("./model.bin", content)], compression)
    endpoint = Endpoint.open(archive)
    assert list(scratch.iterdir()) == []
    assert endpoint.invoke(REQUEST).status == 200


def test_what_macs_pack_beside_files_is_no_model(model: Path, tmp_path: Path) -> None:
    members = [file("._langid.bin", b"Mac OS X"), file("langid.bin", model.read_bytes())]
    assert Endpoint.open(pack(tmp_path / "model.tar.gz", members)).invoke(REQUEST).status == 200


@pytest.mark.parametrize(
    ("name", "member", "reason"),
    [
        ("../evil.bin", lambda: file("../evil.bin"), "leaves the folder"),
        ("a/../../evil", lambda: file("a/../../evil"), "leaves the folder"),
        ("/tmp/evil.bin", lambda: file("/tmp/evil.bin"), "leaves the folder"),
        ("passwd", lambda: link("passwd", "/etc/passwd", tarfile.SYMTYPE), "a link"),
        ("up", lambda: link("up", "..", tarfile.SYMTYPE), "a link"),
        ("model.bin", lambda: link("model.bin", "/etc/passwd", tarfile.LNKTYPE), "a link"),
        ("pipe", lambda: link("pipe", "", tarfile.FIFOTYPE), "a device"),
        ("null", lambda: link("null", "", tarfile.CHRTYPE), "a device"),
        ("a/a", lambda: file("a/" * 40), "more than 32 folders"),
    ],
)  # fmt: skip
def test_members_that_escape_are_refused(
    model: Path, tmp_path: Path, scratch: Path, name: str, member: Callable[[], Member], reason: str
) -> None:
    archive = pack(tmp_path / "model.tar.gz", [file("model.bin", model.read_bytes()), member()])
    check_refused(archive, f"refused for its member '{name}.*: .*{reason}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tar.gz", "scratch"]
    assert list(scratch.iterdir()) == []


def test_sparse_files_are_refused(tmp_path: Path) -> None:
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "model.bin"}
    headers |= {"GNU.sparse.realsize": str(1 << 50)}  # of which the archive has one block
    content = b"1\n0\n512\n".ljust(512, b"\0") + bytes(512)
    member = file("model.bin", content, pax_headers=headers)
    check_refused(pack(tmp_path / "model.tar.gz", [member]), "'model.bin': .*sparse")


# Small archives of very much


def test_a_file_that_is_larger_than_any_model_is_refused(tmp_path: Path, scratch: Path) -> None:
    # Where files follow in which there is nothing but zeros, a gigabyte takes one megabyte.
    info, _ = file("model.bin")
    info.size = archives.MOST_BYTES + 1
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(gzip.compress(info.tobuf() + bytes(1 << 20)))
    check_refused(archive, "more than 64 GiB of them; if they are a model, unpack it yourself")
    assert list(scratch.iterdir()) == []


def test_files_that_are_larger_together_are_refused(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 3 << 20)
    archive = tmp_path / "model.tar.gz"
    pack(archive, (file(f"{i}.bin", bytes(1 << 20)) for i in range(100)))
    assert archive.stat().st_size < 1 << 20
    check_refused(archive, "is refused: it has more than")
    assert list(scratch.iterdir()) == []


def test_very_many_files_are_refused(tmp_path: Path) -> None:
    archive = pack(tmp_path / "model.tar.gz", (file(f"{i}") for i in range(10_001)))
    check_refused(archive, "more than 10,000 files")


@pytest.mark.parametrize("type", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
@pytest.mark.parametrize("before", [[], [file("model.bin")]])
def test_headers_take_no_more_memory_than_others(
    tmp_path: Path, type: bytes, before: list[Member]
) -> None:
    members = [*before, file("long", bytes(20 << 20), type=type), file("a")]
    archive = pack(tmp_path / "model.tar.gz", members)
    check_refused(archive, "beside its files it has more than 1 MiB")


def test_what_has_no_room_on_the_disk_is_not_unpacked(
    model: Path, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = pack(tmp_path / "model.tar.gz", [file("model.bin", model.read_bytes())])
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1000))
    check_refused(archive, f"unpacked to {scratch}: the disk has no room; .* TMPDIR", OutputError)
    assert list(scratch.iterdir()) == []


def test_an_archive_within_an_archive_is_refused(model: Path, tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.tar.gz", [file("model.bin", model.read_bytes())])
    archive = pack(tmp_path / "model.tar.gz", [file("inner.tar.gz", inner.read_bytes())])
    check_refused(archive, ": inner.tar.gz is an archive within one; pack the model's own files")


# Damage


def test_archives_that_are_cut_short_are_refused(model: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "model.tar.gz", [file("model.bin", model.read_bytes())])
    whole = archive.read_bytes()
    for cut in (1, 8, 200, len(whole) // 2):
        archive.write_bytes(whole[:-cut])
        check_refused(archive, "ends early; copy or download it again", InputError)
    plain = pack(tmp_path / "model.tar", [file("model.bin", bytes(3 << 20))], "")
    plain.write_bytes(plain.read_bytes()[: 2 << 20])
    check_refused(plain, "is no whole archive .*; copy or download it again")


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    archive = pack(tmp_path / "model.tar.gz", [file("model.bin", bytes(3 << 20))])
    damaged = bytearray(archive.read_bytes())
    damaged[-8] ^= 1  # of the checksum, at the very end
    archive.write_bytes(damaged)
    check_refused(archive, "the compressed data is damaged", InputError)
    plain = pack(tmp_path / "model.tar", [file("model.bin", b"a"), file("vectors.bin")], "")
    damaged = bytearray(plain.read_bytes())
    damaged[1024] ^= 1  # of the second header
    plain.write_bytes(damaged + b"a" * 1024)
    check_refused(plain, "is no whole archive")


def test_what_an_archive_holds_is_named_without_the_folder_it_was_in(
    model: Path, tmp_path: Path
) -> None:
    for members, message in {
        (file("readme", b"no model"),): ": it holds no model; expected a folder",
        (file("model.bin", model.read_bytes()[:500]),): ": model.bin: the fastText model is cut",
        (file("a.bin"), file("b.bin")): ": it has a.bin, b.bin; leave one",
    }.items():
        archive = pack(tmp_path / "model.tar.gz", members)
        with pytest.raises(NlpEngineError) as caught:
            Endpoint.open(archive)
        assert str(caught.value).startswith(f"{archive}{message}")
