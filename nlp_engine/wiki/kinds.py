"""What kind of page an article-namespace page is."""

from __future__ import annotations

from enum import StrEnum


class PageKind(StrEnum):
    """Kinds of pages that extraction keeps: by `<redirect>` and templates, never by title."""

    ARTICLE = "article"
    REDIRECT = "redirect"
    DISAMBIGUATION = "disambiguation"
