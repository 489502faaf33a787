"""Tokenised corpora: one sentence per line, or text8."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.corpus.settings import CorpusSettings
from nlp_engine.corpus.sources import Source, open_source, text_of
from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.manifest import Manifest, manifest_of_file, read_manifest, write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.text.sentences import split_sentences
from nlp_engine.text.tokenizers import Tokenizer, TokenizerSettings, open_tokenizer

FILE_NAMES = {"sentences": "sentences.txt", "text8": "text8"}
"""The corpus file of each format."""


def build_corpus(
    source: Path | str,
    out: Path | str,
    *,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Make a tokenised corpus from documents.

    Args:
        source: What `nlp_engine.corpus.sources.open_source` takes.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told how far the source has been read.
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
    opened = open_source(Path(source), language=chosen.language)
    opened.check_columns(chosen.text)
    name = chosen.tokenizer or ("text8" if chosen.format == "text8" else "fast")
    tokenization = TokenizerSettings(name=name, language=opened.language, digits=chosen.digits)
    tokenizer = open_tokenizer(tokenization)
    with new_folder(Path(out), overwrite=overwrite) as folder:
        path = folder / FILE_NAMES[chosen.format]
        documents = _write(path, opened, tokenizer, chosen, report)
        if path.stat().st_size == 0:
            raise InputError(
                f"{opened.path} gives an empty corpus: no sentence of at least "
                f"{chosen.min_words} words in {documents} documents"
            )
        encoded = encode_corpus(path, report=report)
        return write_manifest(
            folder,
            format="corpus",
            language=opened.language,
            started=started,
            sources=opened.files,
            parents=opened.parents,
            settings=settings.to_mapping(chosen) | tokenization.for_manifest(),
            counts={
                "documents": documents,
                "lines": encoded.lines,
                "tokens": encoded.tokens,
                "types": encoded.types,
                "bytes": path.stat().st_size,
            },
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


def _write(
    path: Path, source: Source, tokenizer: Tokenizer, chosen: CorpusSettings, report: Report
) -> int:
    documents = 0
    one_line = chosen.format == "text8"
    with path.open("w", encoding="utf-8") as file:
        between = ""
        for row in source.rows(report):
            documents += 1
            text = text_of(row, chosen.text)
            pieces = [text] if one_line else split_sentences(text, tokenizer.language)
            for piece in pieces:
                words = tokenizer.words(piece)
                if len(words) >= chosen.min_words:
                    file.write(between + " ".join(words))
                    between = " " if one_line else "\n"
        if between == "\n":
            file.write("\n")
    return documents
