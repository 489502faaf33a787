"""The commands that take a dump from its file to files: ours and the peers'."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BZ2 = """
import bz2, sys
with bz2.open(sys.argv[1]) as file:
    while file.read(1 << 20):
        pass
"""

_WIKIPEDIA2VEC = "from wikipedia2vec.cli import cli; cli()"

_WIKI_CORPUS = """
import sys
from gensim.corpora.wikicorpus import WikiCorpus
with open(sys.argv[2], "w", encoding="utf-8") as file:
    for words in WikiCorpus(sys.argv[1], processes=1, dictionary={}).get_texts():
        file.write(" ".join(words) + "\\n")
"""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A way from a dump to files.

    Attributes:
        name: As the tables have it.
        package: What must be installed; "" if nothing beside this project.
        commands: To be run one after another.
        slow: Below 5 MB of XML per CPU-second: it takes part in fewer rounds.
    """

    name: str
    package: str = ""
    commands: Sequence[Sequence[str | Path]]
    slow: bool = False


def extract_command(dump: Path, out: Path, workers: int = 1) -> list[str | Path]:
    """Our extraction."""
    command = [sys.executable, "-m", "nlp_engine", "wiki", "extract", dump, "-o", out]
    return [*command, "--workers", str(workers), "--overwrite", "--quiet"]


def build_command(source: Path, out: Path) -> list[str | Path]:
    """Our corpus of one sentence per line."""
    command = [sys.executable, "-m", "nlp_engine", "corpus", "build", source, "-o", out]
    return [*command, "--overwrite", "--quiet"]


def text_pipelines(dump: Path, out: Path) -> list[Pipeline]:
    """From a bzip2 dump to files of text (and links, where the tool has them)."""
    module = [sys.executable, "-m"]
    wikiextractor = [*module, "wikiextractor.WikiExtractor", dump, "-o", out / "wikiextractor"]
    wikiextractor += ["--no-templates", "--processes", "1", "--quiet"]
    segment_wiki = [*module, "gensim.scripts.segment_wiki", "-f", dump, "-o", out / "wiki.json"]
    segment_wiki += ["-i", "-w", "1"]
    wikipedia2vec = [sys.executable, "-c", _WIKIPEDIA2VEC, "build-dump-db", dump, out / "wiki.db"]
    wikipedia2vec += ["--pool-size", "1"]
    return [
        Pipeline(name="bzip2 -dc, nothing else", commands=[["bzip2", "-dc", dump]]),
        Pipeline(name="Python's bz2, nothing else", commands=[[sys.executable, "-c", _BZ2, dump]]),
        Pipeline(name="nlp-engine wiki extract", commands=[extract_command(dump, out / "ours")]),
        Pipeline(
            name="wikiextractor --no-templates", package="wikiextractor", commands=[wikiextractor]
        ),
        Pipeline(
            name="gensim segment_wiki -i", package="gensim", commands=[segment_wiki], slow=True
        ),
        Pipeline(
            name="wikipedia2vec build-dump-db",
            package="wikipedia2vec",
            commands=[wikipedia2vec],
            slow=True,
        ),
    ]


def token_pipelines(dump: Path, out: Path) -> list[Pipeline]:
    """From a bzip2 dump to a file of tokens."""
    extracted, corpus = out / "extracted", out / "corpus"
    return [
        Pipeline(
            name="wiki extract + corpus build",
            commands=[extract_command(dump, extracted), build_command(extracted, corpus)],
        ),
        Pipeline(name="corpus build DUMP", commands=[build_command(dump, out / "direct")]),
        Pipeline(
            name="gensim WikiCorpus",
            package="gensim",
            commands=[[sys.executable, "-c", _WIKI_CORPUS, dump, out / "wikicorpus.txt"]],
            slow=True,
        ),
    ]


def clear(folder: Path) -> None:
    """Remove what a pipeline wrote."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
