"""Rendering a template to one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nlp_engine.errors import require
from nlp_engine.files import new_file
from nlp_engine.manifest import Manifest

FILE_NAME = "report.html"


def render_page(template: str, **values: Any) -> str:
    """Render one of the package's templates; values are escaped.

    Args:
        template: Name of a file in `nlp_engine/reports/templates`.
        **values: What the template shows.

    Raises:
        MissingExtraError: Jinja is not installed.
    """
    jinja2 = require("jinja2", "reports")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nlp_engine.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return str(environment.get_template(template).render(**values))


def write_page(path: Path, template: str, **values: Any) -> None:
    """Write a page (`render_page`) to a file, whole or not at all.

    Raises:
        OutputError: The disk is full or read-only.
        MissingExtraError: Jinja is not installed.
    """
    text = render_page(template, **values)
    with new_file(path, overwrite=True) as partial:
        partial.write_text(text, encoding="utf-8")


def shown_settings(manifest: Manifest) -> dict[str, Any]:
    """The settings that have a value; of the tokenizer the name."""
    given = {name: value for name, value in manifest.settings.items() if value is not None}
    if "tokenizer" in given:
        given["tokenizer"] = given["tokenizer"]["name"]
    return given
