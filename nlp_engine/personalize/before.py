"""An Items dataset that a new one is made like: its codes, values and columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError, OutputError
from nlp_engine.manifest import Manifest, read_manifest
from nlp_engine.personalize.check import check_changes
from nlp_engine.personalize.text_columns import TextColumns

CODEBOOK = "codebook"
VALUES = "values.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What an earlier Items dataset was made by.

    Attributes:
        folder: Where it is.
        manifest: Its manifest.
        schema: Its schema's text.
        kept: Values of its columns that stay whatever their frequency.
    """

    folder: Path
    manifest: Manifest
    schema: str
    kept: dict[str, list[str]]

    @classmethod
    def open(cls, folder: Path) -> Before:
        """Open an items folder.

        Raises:
            InputError: There is no such folder.
            FormatError: It is no items folder.
        """
        manifest = read_manifest(folder, "items")
        values = folder / VALUES
        return cls(
            folder=folder,
            manifest=manifest,
            schema=(folder / "schema.json").read_text(encoding="utf-8"),
            kept=json.loads(values.read_text(encoding="utf-8")) if values.exists() else {},
        )

    def text_columns(self, encoding: str, vectors: WordVectors | None) -> TextColumns:
        """What made its columns of texts.

        Raises:
            InputError: It has none, of another encoding, or fitted on other vectors.
        """
        folder = self.folder / CODEBOOK
        if not folder.exists():
            raise InputError(f"{self.folder} has no codebook; it was made without vectors")
        before = self.manifest.settings["vector_encoding"]
        if before != encoding:
            raise InputError(
                f"{self.folder} was made with the encoding {before}, not {encoding}; give the same"
            )
        return TextColumns.open(folder, encoding, vectors)

    def check_schema(self, schema: str) -> None:
        """Check that a schema is the earlier one.

        Raises:
            InputError: It has changed; the message names the columns.
        """
        changes = check_changes(self.schema, schema)
        if changes:
            told = "; ".join(
                f"{change.column}: {change.message}" if change.column else change.message
                for change in changes
            )
            raise InputError(f"the schema is not that of {self.folder}: {told}")


def check_not_refitted(out: Path, *, refit: bool) -> None:
    """Check that no codebook, which sent items depend on, is replaced unasked.

    Raises:
        OutputError: There is one.
    """
    if (out / CODEBOOK).exists() and not refit:
        raise OutputError(
            f"{out} has a codebook, by which items may have been imported already; keep its codes "
            f"by like (--like {out}), or fit new ones, under which all items must be imported "
            "again, by refit (--refit)"
        )
