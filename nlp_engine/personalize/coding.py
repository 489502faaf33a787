"""By which codebook a dataset is coded: in a folder its manifest says so, at AWS its schema's name.

Codes of two codebooks mean different topics, though the columns are the same. What is imported or
put later must be coded as the rest is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from nlp_engine.manifest import FILE_NAME

_NAME = re.compile(r"[a-z]+-[0-9a-f]{16}-([0-9a-f]{16})")


def codebook_of(folder: Path) -> str | None:
    """The id of the codebook that coded a folder's rows; None if it has none, or no manifest."""
    path = folder / FILE_NAME
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["parents"]["codebook"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def schema_name(kind: str, digest: str, codebook: str | None) -> str:
    """The name of a schema, from which `codebook_of_schema` reads the codebook again.

    Args:
        kind: What it is for, in lower case.
        digest: Of its content, 16 hexadecimal digits.
        codebook: The id of the codebook that codes the rows, if one does.
    """
    return "-".join([kind, digest, *([codebook] if codebook else [])])


def codebook_of_schema(name: str) -> str | None:
    """The codebook that a schema's name has; None if it has none, or another tool named it."""
    found = _NAME.fullmatch(name)
    return found[1] if found else None


def codebook_words(codebook: str | None) -> str:
    """A codebook in a sentence."""
    return f"the codebook {codebook}" if codebook else "no known codebook"
