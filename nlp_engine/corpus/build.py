"""Tokenised corpora: one sentence per line, or text8."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.corpus.settings import CorpusSettings
from nlp_engine.corpus.size import measure_corpus
from nlp_engine.corpus.sources import Source, open_source, text_of
from nlp_engine.corpus.tokenize import Tokenization, tokenize_documents
from nlp_engine.corpus.writing import CorpusFile
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.languages import language
from nlp_engine.manifest import Manifest, manifest_of_file, read_manifest, write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer

FILE_NAMES = {"sentences": "sentences.txt", "text8": "text8"}
"""The corpus file of each format."""

_PUNKT_CHARACTERS = 5_000_000  # punkt learns from so much of the corpus, in some ten seconds


def build_corpus(
    source: Path | str,
    out: Path | str,
    *,
    overwrite: bool = False,
    report: Report = silent,
    licence: str = "",
    attribution: str = "",
    **options: Any,
) -> Manifest:
    """Make a tokenised corpus from documents.

    Args:
        source: What `nlp_engine.corpus.sources.open_source` takes.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told how far the source has been read.
        licence: Licence of the text, for the manifest.
        attribution: Whom to name as the source of the text, for the manifest.
        **options: Fields of `CorpusSettings`.

    Returns:
        The folder's manifest; `counts` has documents, lines, tokens, types and bytes.

    Raises:
        InputError: The source cannot be read or holds no words.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    started = time.monotonic()
    chosen = settings.from_mapping(CorpusSettings, options)
    opened = open_source(Path(source), language=chosen.language, reading=chosen)
    opened.check_columns(chosen.text)
    tokenizer = _tokenizer_settings(opened, chosen, report)
    with new_folder(Path(out), overwrite=overwrite) as folder:
        path = folder / FILE_NAMES[chosen.format]
        documents = _write(path, opened, tokenizer, chosen, report)
        if path.stat().st_size == 0:
            limit = f" and at most {chosen.max_bytes}" if chosen.max_bytes else ""
            raise InputError(
                f"{opened.path} gives an empty corpus: no sentence of at least "
                f"{chosen.min_words} words{limit} in {documents} documents"
            )
        size = measure_corpus(path, report)
        return write_manifest(
            folder,
            format="corpus",
            language=opened.language,
            started=started,
            licence=licence,
            attribution=attribution,
            sources=opened.files,
            parents=opened.parents,
            settings=settings.to_mapping(chosen) | tokenizer.for_manifest(),
            counts={
                "documents": documents,
                "lines": size.lines,
                "tokens": size.tokens,
                "types": size.types,
                "bytes": path.stat().st_size,
            }
            | opened.damaged,
        )


def corpus_file(path: Path) -> tuple[Path, Manifest | None]:
    """The text file to train on and the manifest of the folder it is in, if it is in one.

    Args:
        path: A corpus folder, or a text file inside or outside of one.

    Raises:
        InputError: Missing, or a folder that is no corpus.
    """
    if path.is_dir():
        manifest = read_manifest(path, "corpus")
        return path / FILE_NAMES[manifest.settings["format"]], manifest
    return check_input_file(path), manifest_of_file(path, "corpus", "labelled corpus")


def _tokenizer_settings(
    source: Source, chosen: CorpusSettings, report: Report
) -> TokenizerSettings:
    name = chosen.tokenizer or ("text8" if chosen.format == "text8" else "fast")
    tokenizer = TokenizerSettings(name=name, language=source.language, digits=chosen.digits)
    if name != "nltk":
        open_tokenizer(tokenizer)  # a missing package is named before any work
        return tokenizer
    from nlp_engine.text.nltk import train_punkt

    sample = _beginning(_texts(source, chosen, report), _PUNKT_CHARACTERS)
    return replace(tokenizer, punkt=train_punkt(sample, language(source.language)))


def _texts(source: Source, chosen: CorpusSettings, report: Report) -> Iterator[str]:
    return (text_of(row, chosen.text) for row in source.rows(report))


def _beginning(texts: Iterable[str], characters: int) -> Iterator[str]:
    """The first texts, until they have so many characters."""
    for text in texts:
        yield text
        characters -= len(text)
        if characters <= 0:
            return


def _write(
    path: Path, source: Source, tokenizer: TokenizerSettings, chosen: CorpusSettings, report: Report
) -> int:
    """Write the corpus file; returns how many documents were read for it."""
    documents = 0
    tokenization = Tokenization(
        tokenizer=tokenizer,
        one_line=chosen.format == "text8",
        min_words=chosen.min_words,
        paragraphs=chosen.deduplicate,
    )
    texts = _texts(source, chosen, report)
    with (
        contextlib.closing(tokenize_documents(texts, tokenization, chosen.workers)) as tokenized,
        CorpusFile(path, chosen) as file,
    ):
        for pieces in tokenized:
            documents += 1
            for piece in pieces:
                file.add(piece)
            if file.full:
                break
    return documents
