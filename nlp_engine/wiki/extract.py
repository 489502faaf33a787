"""From dumps to extracted shards: the one pass that reads wikitext.

A dump is cut into segments where its storage allows it, and every segment becomes shards of its
own, so the result does not depend on the number of threads. Threads suffice: decompressing,
scanning and writing leave Python's lock alone. Threads that find no segment of their own scan
blocks that the readers of the others hand to them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from nlp_engine import settings
from nlp_engine.errors import InputError
from nlp_engine.files import STANDARD_INPUT, check_input_file, new_folder
from nlp_engine.manifest import FileRecord, Manifest, resume_key, write_manifest
from nlp_engine.native.wikitext import (
    ARTICLE,
    DISAMBIGUATION,
    NO_TITLE_OR_ID,
    REDIRECT,
    Extraction,
)
from nlp_engine.progress import Progress, Report, silent
from nlp_engine.wiki.dump import page_blocks, page_titles, parse_site, read_site
from nlp_engine.wiki.segments import OnRead, Segment, cut
from nlp_engine.wiki.settings import ExtractSettings
from nlp_engine.wiki.shards import ShardWriter, record_batch
from nlp_engine.wiki.titles import Site
from nlp_engine.wiki.wikitext import make_scanner

_COUNTED = {ARTICLE: "articles", REDIRECT: "redirects", DISAMBIGUATION: "disambiguations"}
_OTHER_COUNTS = ("links", "outside_links", "characters", "other_pages")
_SECONDS_BETWEEN_REPORTS = 0.1


def extract_dumps(
    dumps: Sequence[Path],
    out: Path,
    *,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Write the article pages of MediaWiki dumps to a folder of Parquet shards.

    After Ctrl-C or a kill, the same call goes on with the segments that are not finished.

    Args:
        dumps: XML exports of one wiki, plain or compressed; `-` is standard input.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told of the stored bytes read.
        **options: Fields of `ExtractSettings`.

    Returns:
        The folder's manifest; `counts` has pages by kind, links, links outside of the text
        (in captions and tables that are left out), characters, and pages of other namespaces.

    Raises:
        InputError: A dump is missing, damaged, cut short, empty, no MediaWiki export, or of
            another wiki than the first.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    started = time.monotonic()
    chosen = settings.from_mapping(ExtractSettings, options)
    for dump in dumps:
        if dump != STANDARD_INPUT:
            check_input_file(dump)
    sites = _sites(dumps, chosen)
    key = _resume_key(dumps, chosen)
    with new_folder(out, overwrite=overwrite, resume_key=key) as folder:
        segments = [segment for dump in dumps for segment in cut(dump)]
        parts = _extract_segments(segments, sites, folder, chosen, report)
        counts: Counter[str] = Counter(dict.fromkeys([*_COUNTED.values(), *_OTHER_COUNTS], 0))
        for part in parts:
            counts.update(part.counts)
        if not counts["articles"]:
            names = ", ".join(path.name for path in dumps)
            raise InputError(f"no article in {names}; is it a dump of pages-articles?")
        for marker in folder.glob("*.done"):
            marker.unlink()
        return write_manifest(
            folder,
            format="extracted",
            language=next(part.language for part in parts if part.language),
            started=started,
            sources=[dump for dump in dumps if dump != STANDARD_INPUT]
            + [
                FileRecord("standard input", part.bytes, "")
                for segment, part in zip(segments, parts, strict=True)
                if segment.path == STANDARD_INPUT
            ],
            settings=settings.to_mapping(chosen),
            counts=counts,
        )


def dump_batches(
    dump: Path, *, report: Report = silent, **options: Any
) -> Iterator[pa.RecordBatch]:
    """The article-namespace pages of one dump as batches of `SCHEMA`, without writing shards.

    Args:
        dump: An XML export, plain or compressed.
        report: Told of the stored bytes read.
        **options: Fields of `ExtractSettings`; the number of workers plays no role.

    Raises:
        InputError: It is damaged, cut short, or no MediaWiki export.
    """
    chosen = settings.from_mapping(ExtractSettings, options)
    size = dump.stat().st_size

    def on_read(done: int) -> None:
        report(Progress(f"reading {dump.name}", done, size, "bytes"))

    segment = Segment(dump, 0, None)
    for extraction in _extractions(segment, None, chosen, on_read, _Part(), None):
        yield record_batch(extraction)


@dataclass(slots=True)
class _Part:
    """What a segment gave."""

    language: str = ""
    bytes: int = 0  # read from the stored file
    counts: dict[str, int] = field(default_factory=dict)


def _resume_key(dumps: Sequence[Path], chosen: ExtractSettings) -> str | None:
    """What must be equal for a later call to go on with what this one has finished."""
    if STANDARD_INPUT in dumps:
        return None
    return resume_key(dumps, settings.to_mapping(chosen))


def _sites(dumps: Sequence[Path], chosen: ExtractSettings) -> dict[Path, Site]:
    """What the dumps say of their wiki, which must be one; standard input is not read yet."""
    sites: dict[Path, Site] = {}
    for dump in dumps:
        if dump == STANDARD_INPUT:
            continue
        sites[dump] = read_site(dump, chosen.language)
        first, code = next(iter(sites)), sites[dump].language.code
        if sites[first].language.code != code:
            raise InputError(
                f"{first} is a dump in language {sites[first].language.code!r}, {dump} one in "
                f"{code!r}; extract each wiki to a folder of its own"
            )
    return sites


def _extract_segments(
    segments: Sequence[Segment],
    sites: Mapping[Path, Site],
    folder: Path,
    chosen: ExtractSettings,
    report: Report,
) -> list[_Part]:
    parts = [_Part() for _ in segments]
    sizes = [segment.stored_bytes for segment in segments]
    total = None if None in sizes else sum(size for size in sizes if size)
    stop = threading.Event()

    def extract(number: int, helpers: ThreadPoolExecutor | None) -> None:
        part = parts[number]

        def on_read(done: int) -> None:
            part.bytes = done
            if stop.is_set():
                raise CancelledError

        name = f"part-{number:05d}"
        marker = folder / f"{name}.done"
        if marker.exists():
            parts[number] = _Part(**json.loads(marker.read_text(encoding="utf-8")))
            return
        for unfinished in folder.glob(f"{name}-*.parquet"):
            unfinished.unlink()
        with ShardWriter(folder, name) as writer:
            site = sites.get(segments[number].path)
            for found in _extractions(segments[number], site, chosen, on_read, part, helpers):
                writer.write(record_batch(found))
                _count(part.counts, found)
        written = marker.with_suffix(".partial")
        written.write_text(json.dumps(dataclasses.asdict(part)), encoding="utf-8")
        written.rename(marker)

    readers = min(chosen.workers, len(segments))
    with contextlib.ExitStack() as stack:
        spare = chosen.workers - readers
        helpers = stack.enter_context(ThreadPoolExecutor(spare)) if spare else None
        pool = stack.enter_context(ThreadPoolExecutor(readers))
        futures = [pool.submit(extract, number, helpers) for number in range(len(segments))]
        try:
            running: set[Future[None]] = set(futures)
            while running:
                done, running = wait(
                    running, timeout=_SECONDS_BETWEEN_REPORTS, return_when=FIRST_EXCEPTION
                )
                for future in done:
                    future.result()
                read = sum(part.bytes for part in parts)
                report(Progress("extracting", read, total, "bytes"))
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return parts


def _extractions(
    segment: Segment,
    site: Site | None,
    chosen: ExtractSettings,
    on_read: OnRead,
    part: _Part,
    helpers: ThreadPoolExecutor | None,
) -> Iterator[Extraction]:
    """The extracted blocks of a segment in order, scanned here or by helpers."""
    waiting: deque[tuple[bytes, Future[Extraction]]] = deque()
    ahead = chosen.workers + 1
    for block in page_blocks(segment, on_read):
        site = site or parse_site(block, segment.path, chosen.language)
        part.language = site.language.code
        scanner = make_scanner(site, captions=chosen.captions, tables=chosen.tables)
        if helpers is None:
            yield _checked(scanner.extract(block), block, segment.path)
            continue
        waiting.append((block, helpers.submit(scanner.extract, block)))
        if len(waiting) > ahead:
            yield _first_of(waiting, segment.path)
    while waiting:
        yield _first_of(waiting, segment.path)


def _first_of(waiting: deque[tuple[bytes, Future[Extraction]]], path: Path) -> Extraction:
    block, future = waiting.popleft()
    return _checked(future.result(), block, path)


def _checked(found: Extraction, block: bytes, path: Path) -> Extraction:
    if not found.problem:
        return found
    titles = page_titles(block)
    if found.problem == NO_TITLE_OR_ID:
        before = f" after {titles[found.bad_page - 2]!r}" if found.bad_page > 1 else ""
        raise InputError(f"{path}: a page{before} has no title or no id; is it a MediaWiki export?")
    raise InputError(f"{path}: page {titles[found.bad_page - 1]!r} is not valid UTF-8")


def _count(counts: dict[str, int], found: Extraction) -> None:
    new = {name: int((found.kinds == kind).sum()) for kind, name in _COUNTED.items()} | {
        "links": len(found.link_starts),
        "outside_links": len(found.outside_targets.offsets) - 1,
        "characters": found.characters,
        "other_pages": found.other_pages,
    }
    for name, count in new.items():
        counts[name] = counts.get(name, 0) + count
