from __future__ import annotations

import html
import re

from nlp_engine.demo import TEXT, DemoResult
from tests.reports.page import Page


def read(demo: DemoResult) -> tuple[str, Page]:
    text = (demo.folder / "report.html").read_text(encoding="utf-8")
    return text, Page(text)


def test_the_page_is_whole_and_self_contained(demo: DemoResult) -> None:
    _, page = read(demo)
    page.check_whole_and_self_contained()


def test_it_shows_every_step_and_the_numbers(demo: DemoResult) -> None:
    text, page = read(demo)
    for step in demo.steps[:-1]:
        assert html.escape(step.name) in text
        assert html.escape(step.made) in text
    assert f"{demo.mean_rho:.3f}" in page.text
    assert f"{demo.accuracy:.3f}" in page.text


def test_it_has_a_map_of_words(demo: DemoResult) -> None:
    text, _ = read(demo)
    svg = text[text.index("<svg") : text.index("</svg>")]
    words = re.findall(r">([a-z]{4,})<", svg)
    assert len(words) > 150
    assert {"government", "language", "population"} <= set(words)


def test_the_linked_text_is_complete_and_marked(demo: DemoResult) -> None:
    text, _ = read(demo)
    linked = text[text.index('<p class="linked">') :].partition("</p>")[0]
    assert linked.count("<mark") == len(demo.links)
    without_titles = re.sub(r"<sub>.*?</sub>|<[^>]+>", "", linked)
    assert html.unescape(without_titles).strip() == TEXT
    for link in demo.links:
        assert html.escape(link.title) in linked


def test_the_first_items_are_there(demo: DemoResult) -> None:
    _, page = read(demo)
    for name in ("ITEM_ID", "TOPICS", "ENTITIES", "Anarchism", "Autism", "Albedo"):
        assert name in page.text
