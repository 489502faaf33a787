"""Downloads arrive whole, or say what is wrong; pieces of two versions are never joined."""

from __future__ import annotations

import fcntl
import hashlib
import random
import resource
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.corpus import http
from nlp_engine.corpus.download import RemoteFile, cache_folder, cached, download
from nlp_engine.errors import InputError, OutputError
from nlp_engine.progress import Progress
from tests.corpus.web import Web, serve, stop

CONTENT = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(280_000)
SHA1 = hashlib.sha1(CONTENT).hexdigest()
OTHER_SHA1 = hashlib.sha1(OTHER).hexdigest()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "dump.bz2"


@pytest.fixture
def dump(web: Web) -> RemoteFile:
    web.files["/dump.bz2"] = CONTENT
    return RemoteFile(url=web.address + "/dump.bz2")


def names(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def checked(dump: RemoteFile, checksum: str = SHA1) -> RemoteFile:
    return RemoteFile(url=dump.url, checksum=checksum)


def test_a_whole_file(web: Web, dump: RemoteFile, target: Path) -> None:
    reports: list[Progress] = []
    assert download(dump, target, report=reports.append) == target
    assert target.read_bytes() == CONTENT
    assert names(target) == ["dump.bz2"]
    assert reports[-1].done == reports[-1].total == len(CONTENT)
    assert reports[-1].unit == "bytes"
    assert web.requests[0][1]["User-Agent"].startswith("nlp_engine/")


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_checksums_of_three_kinds(dump: RemoteFile, target: Path, algorithm: str) -> None:
    digest = hashlib.new(algorithm, CONTENT).hexdigest()
    assert download(checked(dump, digest.upper()), target).read_bytes() == CONTENT


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
def test_a_connection_that_breaks_half_way(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float], validator: str
) -> None:
    web.validator = validator
    web.cuts = [100_000, 50_000]
    assert download(dump, target).read_bytes() == CONTENT
    assert web.ranges_asked() == [None, "bytes=100000-", "bytes=150000-"]
    assert web.requests[1][1]["If-Range"] == web.version(CONTENT)
    assert pauses == [1, 1]  # each attempt got further, so patience does not run out
    assert names(target) == ["dump.bz2"]


def test_the_reason_of_a_pause_is_reported(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float]
) -> None:
    web.cuts = [100_000]
    reports: list[Progress] = []
    download(dump, target, report=reports.append)
    (detail,) = {report.detail for report in reports if report.detail}
    assert detail == (
        "the connection broke off after 100,000 of 300,000 bytes; trying again in 1 s"
    )


def test_a_server_without_ranges_starts_over(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float]
) -> None:
    web.ranges = False
    web.cuts = [200_000, 100_000]
    assert download(dump, target).read_bytes() == CONTENT


def test_a_server_that_always_breaks_off_is_given_up(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float]
) -> None:
    web.ranges = False
    web.cuts = [100_000] * 50
    with pytest.raises(InputError, match="100,000 of 300,000 bytes, 5 times in a row"):
        download(dump, target)
    assert not target.exists()
    assert pauses == [1, 2, 4, 8]


def test_what_arrived_is_kept_for_a_later_run(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float]
) -> None:
    web.cuts = [100_000, *[0] * 20]
    with pytest.raises(InputError, match=r"100,000 bytes are kept"):
        download(dump, target)
    assert names(target) == ["dump.bz2.part", "dump.bz2.part.version"]
    web.cuts = []
    assert download(dump, target).read_bytes() == CONTENT
    assert web.ranges_asked()[-1] == "bytes=100000-"
    assert names(target) == ["dump.bz2"]


def test_an_interrupted_run_is_resumed(web: Web, dump: RemoteFile, target: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(dump, target, report=interrupt)
    have = (target.parent / "dump.bz2.part").stat().st_size
    assert 0 < have < len(CONTENT)
    assert download(dump, target).read_bytes() == CONTENT
    assert web.ranges_asked() == [None, f"bytes={have}-"]


def test_a_run_killed_just_before_its_end(web: Web, dump: RemoteFile, target: Path) -> None:
    target.parent.mkdir()
    (target.parent / "dump.bz2.part").write_bytes(CONTENT)
    (target.parent / "dump.bz2.part.version").write_text(web.version(CONTENT) or "")
    assert download(dump, target).read_bytes() == CONTENT
    assert web.ranges_asked() == ["bytes=300000-"]


@pytest.mark.parametrize("if_range", [True, False])
@pytest.mark.parametrize("content", [OTHER, OTHER[:50_000]])
def test_a_file_that_changes_between_attempts(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float], if_range: bool, content: bytes
) -> None:
    web.if_range = if_range
    web.cuts = [100_000]

    def change() -> None:
        if len(web.requests) == 2:
            web.files["/dump.bz2"] = content

    web.on_request = change
    assert download(dump, target).read_bytes() == content


def test_pieces_without_a_version_are_not_joined(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float]
) -> None:
    web.validator = "weak"
    web.cuts = [100_000]
    assert download(dump, target).read_bytes() == CONTENT
    assert web.ranges_asked() == [None, None]


def test_pieces_without_a_version_are_joined_where_a_checksum_decides(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float]
) -> None:
    web.validator = ""
    web.cuts = [100_000]
    assert download(checked(dump), target).read_bytes() == CONTENT
    assert web.ranges_asked() == [None, "bytes=100000-"]


def test_joined_pieces_of_two_versions_are_fetched_anew(
    web: Web, dump: RemoteFile, target: Path
) -> None:
    web.validator = ""
    target.parent.mkdir()
    (target.parent / "dump.bz2.part").write_bytes(OTHER[:100_000])
    assert download(checked(dump), target).read_bytes() == CONTENT
    assert web.ranges_asked() == ["bytes=100000-", None]


def test_a_wrong_checksum(web: Web, dump: RemoteFile, target: Path) -> None:
    with pytest.raises(InputError, match=f"another checksum than the expected {OTHER_SHA1}"):
        download(checked(dump, OTHER_SHA1), target)
    assert names(target) == []
    assert len(web.requests) == 1


def test_no_checksum_at_all(dump: RemoteFile, target: Path) -> None:
    with pytest.raises(InputError, match="'abc' is no MD5, SHA-1 or SHA-256"):
        download(checked(dump, "abc"), target)


def test_an_address_that_does_not_exist(web: Web, target: Path, pauses: list[float]) -> None:
    url = web.address + "/none.bz2"
    with pytest.raises(InputError, match="none.bz2: the server answers 404 Not Found"):
        download(RemoteFile(url=url), target)
    assert pauses == []
    assert names(target) == []


def test_a_busy_server_is_asked_again_when_it_says(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float]
) -> None:
    web.answers = [503, 429]
    web.retry_after = "7"
    assert download(dump, target).read_bytes() == CONTENT
    assert pauses == [7, 7]


def test_a_server_that_stays_busy(
    web: Web, dump: RemoteFile, target: Path, pauses: list[float]
) -> None:
    web.answers = [503] * 20
    with pytest.raises(InputError, match="503 Service Unavailable, 5 times in a row"):
        download(dump, target)
    assert pauses == [1, 2, 4, 8]
    assert names(target) == []


def test_no_server(target: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    web, server = serve()
    stop(web, server)
    with pytest.raises(InputError, match="no connection .*refused.* 5 times in a row"):
        download(RemoteFile(url=web.address + "/dump.bz2"), target)


def test_a_server_that_does_not_answer_is_no_hang(
    web: Web,
    dump: RemoteFile,
    target: Path,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.05)
    web.hang = True
    with pytest.raises(InputError, match="timed out.* 5 times in a row"):
        download(dump, target)


def test_a_complete_file_is_reused(web: Web, dump: RemoteFile, target: Path) -> None:
    download(checked(dump), target)
    download(checked(dump), target)
    download(dump, target)
    assert len(web.requests) == 1


def test_a_damaged_file_is_replaced(web: Web, dump: RemoteFile, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT[:-1] + b"?")
    assert download(checked(dump), target).read_bytes() == CONTENT


def test_a_full_disk_is_seen_before_the_download(
    dump: RemoteFile, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(target.anchor)
    monkeypatch.setattr(
        "nlp_engine.corpus.download.shutil.disk_usage", lambda _: usage._replace(free=1000)
    )
    with pytest.raises(OutputError, match=r"needs 0 MB more, the disk has 0 MB free"):
        download(dump, target)
    assert names(target) == []


def test_a_disk_that_fills_up_keeps_what_arrived(web: Web, dump: RemoteFile, target: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, hard))
        with pytest.raises(OutputError, match=r"cannot write .*dump.bz2.part: .* is kept"):
            download(dump, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    have = (target.parent / "dump.bz2.part").stat().st_size
    assert 0 < have <= 120_000
    assert download(checked(dump), target).read_bytes() == CONTENT
    assert web.ranges_asked() == [None, f"bytes={have}-"]


def test_two_processes_do_not_write_one_file(dump: RemoteFile, target: Path) -> None:
    target.parent.mkdir()
    part = target.parent / "dump.bz2.part"
    with part.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="another process is downloading"):
            download(dump, target)
    assert download(dump, target).read_bytes() == CONTENT


def test_the_cache_mirrors_the_address(web: Web, dump: RemoteFile, cache: Path) -> None:
    web.files["/wiki/2026/a%20b.bz2"] = CONTENT
    assert cache_folder() == cache
    path = cached(RemoteFile(url=web.address + "/wiki/2026/a%20b.bz2"))
    assert path == cache / web.address.removeprefix("http://") / "wiki" / "2026" / "a b.bz2"
    with pytest.raises(InputError, match="may not go up"):
        cached(RemoteFile(url=web.address + "/%2e%2e/%2e%2e/dump.bz2"))


def test_the_cache_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NLP_ENGINE_CACHE", raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    assert cache_folder() == Path("/home/ada/.cache/nlp_engine")


@given(
    cuts=st.lists(st.integers(0, 3000), max_size=4),
    ranges=st.booleans(),
    if_range=st.booleans(),
    validator=st.sampled_from(["ETag", "weak", "Last-Modified", ""]),
    length=st.booleans(),
    change_at=st.integers(1, 6),
)
@settings(max_examples=60)
def test_whatever_happens_the_file_is_whole(
    tmp_path_factory: Any,
    cuts: list[int],
    ranges: bool,
    if_range: bool,
    validator: str,
    length: bool,
    change_at: int,
) -> None:
    old, new = CONTENT[:3000], OTHER[:2500]
    digest = hashlib.sha1(new).hexdigest()
    folder: Path = tmp_path_factory.mktemp("download")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        patch.setattr("nlp_engine.corpus.http.time.sleep", lambda _: None)
        web, server = serve()
        try:
            web.ranges, web.if_range, web.validator = ranges, if_range, validator
            web.length, web.cuts = length, list(cuts)
            web.files["/file"] = old

            def change() -> None:
                if len(web.requests) == change_at:
                    web.files["/file"] = new

            web.on_request = change
            file = RemoteFile(url=web.address + "/file", checksum=digest)
            for _ in range(8):  # a wrong checksum is an error, and the next run starts anew
                try:
                    assert download(file, folder / "file").read_bytes() == new
                    return
                except InputError as error:
                    assert "another checksum" in str(error)
            raise AssertionError("the download never came to its end")
        finally:
            stop(web, server)
