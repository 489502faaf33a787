from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nlp_engine import files
from nlp_engine.errors import InputError, Interrupted, OutputError
from nlp_engine.files import new_folder, open_input
from nlp_engine.progress import Progress

TEXT = b"".join(b"line %d of a text that compresses\n" % i for i in range(50_000))
COMPRESS: list[Callable[[bytes], bytes]] = [bytes, bz2.compress, gzip.compress, lzma.compress]


@pytest.mark.parametrize("compress", COMPRESS)
def test_any_compression_is_read_by_content(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "no-telling-suffix"
    path.write_bytes(compress(TEXT))
    reports: list[Progress] = []
    with open_input(path, report=reports.append) as file:
        assert file.read() == TEXT
    assert (reports[-1].done, reports[-1].total) == (path.stat().st_size, path.stat().st_size)


def test_a_bz2_file_of_several_streams_is_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "multistream.bz2"
    path.write_bytes(b"".join(bz2.compress(part) for part in (TEXT, b"second\n", b"third\n")))
    with open_input(path) as file:
        assert file.read() == TEXT + b"second\nthird\n"


@pytest.mark.parametrize("compress", COMPRESS[1:])
def test_truncated_input_names_the_file(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "cut"
    path.write_bytes(compress(TEXT)[:-200])
    with open_input(path) as file, pytest.raises(InputError) as error:
        file.read()
    assert str(path) in str(error.value)
    assert "ends early" in str(error.value) or "damaged" in str(error.value)


def test_damaged_input_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.bz2"
    path.write_bytes(b"BZh9 this is no bzip2")
    with open_input(path) as file, pytest.raises(InputError, match="damaged"):
        file.read()


def test_missing_input_and_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"), open_input(tmp_path / "nothing"):
        pass
    with pytest.raises(InputError, match="is a folder"), open_input(tmp_path):
        pass


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    with new_folder(tmp_path / "deep" / "out") as work:
        (work / "a").write_text("1")
        assert not (tmp_path / "deep" / "out").exists()
    assert (tmp_path / "deep" / "out" / "a").read_text() == "1"
    assert left_over(tmp_path / "deep") == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_exception(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), new_folder(tmp_path / "out") as work:
        (work / "a").write_text("1")
        raise error
    assert left_over(tmp_path) == []


def test_an_existing_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="pass --overwrite"), new_folder(tmp_path / "out"):
        pytest.fail("the block must not run")


def test_overwriting_replaces_at_the_end_and_keeps_the_old_on_failure(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out") as work:
        (work / "manifest.json").write_text("{}")
        (work / "old").write_text("old")
    with pytest.raises(ValueError), new_folder(tmp_path / "out", overwrite=True):
        raise ValueError
    assert left_over(tmp_path / "out") == ["manifest.json", "old"]
    with new_folder(tmp_path / "out", overwrite=True) as work:
        (work / "new").write_text("new")
    assert left_over(tmp_path / "out") == ["new"]
    assert left_over(tmp_path) == ["out"]


def test_a_foreign_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    with (
        pytest.raises(OutputError, match="not written by nlp_engine"),
        new_folder(tmp_path / "out", overwrite=True),
    ):
        pytest.fail("the block must not run")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "years of work"


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from nlp_engine.files import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as work:\n"
        "    (work / 'half').write_text('x'); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "out"], check=False)
    assert len(left_over(tmp_path)) == 1
    with new_folder(tmp_path / "out") as work:
        (work / "a").write_text("1")
    assert left_over(tmp_path) == ["out"]


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(OutputError, match="part of the path is a file"),
        new_folder(tmp_path / "file" / "out"),
    ):
        pytest.fail("the block must not run")


def test_an_input_error_inside_the_block_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "/elsewhere/input.txt")
    with pytest.raises(PermissionError), new_folder(tmp_path / "out"):
        raise error


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB, where the machine allows to mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_says_so_and_leaves_nothing(small_disk: Path) -> None:
    with (
        pytest.raises(OutputError, match="the disk is full"),
        new_folder(small_disk / "out") as work,
    ):
        (work / "large").write_bytes(bytes(1 << 20))
    assert left_over(small_disk) == []


def test_a_read_only_disk_says_so(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with (
        pytest.raises(OutputError, match="the disk is read-only"),
        new_folder(small_disk / "out"),
    ):
        pytest.fail("the block must not run")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError("895600 requested and 267232 written"), "the disk is full"),  # numpy's forms
        (OSError("Not enough free space to write 43528576 bytes after"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk quota is used up"),
        (OSError(errno.EROFS, "Read-only file system"), "the disk is read-only"),
    ],
)
def test_write_errors_say_what_to_do(tmp_path: Path, error: OSError, message: str) -> None:
    with pytest.raises(OutputError, match=message), new_folder(tmp_path / "out"):
        raise error
    assert left_over(tmp_path) == []


def test_a_folder_kept_after_ctrl_c_is_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WORTH_KEEPING_SECONDS", 0)
    target = tmp_path / "target"

    def interrupt() -> None:
        with pytest.raises(Interrupted), new_folder(target, resume_key="a") as folder:
            (folder / "finished").write_text("")
            raise KeyboardInterrupt

    interrupt()
    with new_folder(target, resume_key="a") as folder:
        assert (folder / "finished").exists()
    target.rename(tmp_path / "first")
    interrupt()
    with new_folder(target, resume_key="another") as folder:
        assert not (folder / "finished").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"target", "first"}
