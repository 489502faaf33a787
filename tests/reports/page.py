"""Reading a page that was written."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """Counts tags and gathers text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.opened: list[str] = []
        self.unbalanced: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "img", "link"):
            self.opened.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href")]

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        if not self.opened or self.opened.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def check_whole_and_self_contained(self) -> None:
        assert self.unbalanced == []
        assert self.opened == []
        assert not [address for address in self.addresses if not address.startswith("#")]
        assert "@import" not in self.source and "url(http" not in self.source
