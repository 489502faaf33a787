"""Settings of the entity commands."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting
from nlp_engine.text.tokenizers import TOKENIZERS

ENGINES = ("duckdb", "spark")
METHODS = ("collective", "tagme", "commonness")

# What `None` means in the settings of TAGME, by preset. Paper: CIKM 2010, sections 3 and 4; java:
# the released code (gammaliu/tagme, 1.1) with its own defaults.
TAGME_PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {
        "epsilon": 0.3,
        "tau": 0.02,
        "tau_for_votes": False,
        "divide_votes": True,
        "min_shared": 1,
        "min_links": 0,
        "link_without_votes": False,
        "window": 30,
        "rho": 0.2,
    },
    "java": {
        "epsilon": 0.15,
        "tau": 0.002,
        "tau_for_votes": True,
        "divide_votes": False,
        "min_shared": 2,
        "min_links": 2,
        "link_without_votes": True,
        "window": 10,
        "rho": 0.1,
    },
}
_COLLECTIVE = {"window": 30, "rho": 0.2, "min_links": 0, "min_shared": 1}
_OF_TAGME_ALONE = (
    "preset", "epsilon", "epsilon_by", "tau", "tau_for_votes", "divide_votes", "relatedness",
    "link_without_votes",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class KnowledgeBaseSettings:
    """How a knowledge base is built."""

    min_link_count: int = setting(
        1, minimum=1, help="forms with fewer links are left out (TAGME: 2; small dumps: 1)"
    )
    min_link_probability: float = setting(
        0.001, minimum=0, maximum=1, help="forms that are rarer as links are left out"
    )
    max_form_words: int | None = setting(
        None,
        minimum=1,
        maximum=32,
        help="most words that a form has; by default 8, or 20 characters in languages without "
        "spaces",
    )
    engine: str = setting(
        "duckdb",
        choices=ENGINES,
        help="what counts the links; spark: the active session, else all cores of this machine",
    )
    memory: str = setting(
        "2GB", metavar="SIZE", help="memory to take, e.g. 500MB; the rest goes to the disk"
    )

    def __post_init__(self) -> None:
        settings.check(self)
        settings.byte_size("memory", self.memory)


@dataclass(frozen=True, kw_only=True)
class RankingSettings:
    """How entities are ranked."""

    method: str = setting(
        "collective",
        choices=METHODS,
        help="collective: all mentions are settled together, by links, common in-links and titles; "
        "tagme: votes of the other mentions; commonness: the prior",
    )
    rho: float | None = setting(
        None,
        minimum=0,
        maximum=1,
        help="links with a lower rho are dropped [default: 0.2; 0.1 with --preset java]",
    )
    min_probability: float = setting(
        0.0,
        minimum=0,
        maximum=1,
        help="links with a lower probability are dropped: the mention means nothing that is known",
    )
    min_link_probability: float = setting(
        0.02, minimum=0, maximum=1, help="forms that are rarer as links are not spotted"
    )
    tokenizer: str | None = setting(
        None,
        choices=tuple(TOKENIZERS),
        help="mentions begin and end with words of this tokenizer; by default with those of the "
        "knowledge base, to which each Chinese, Japanese or Thai character is one",
    )
    window: int | None = setting(
        None,
        minimum=1,
        maximum=100_000,
        help="collective: mentions at most so far away vote; tagme: so many neighbours vote "
        "[default: 30; 10 with --preset java]",
    )
    max_candidates: int = setting(
        30, minimum=1, maximum=100_000, help="candidates per mention, most common first"
    )
    preset: str = setting(
        "paper",
        choices=tuple(TAGME_PRESETS),
        help="tagme: the settings of the paper, or of the released code",
    )
    epsilon: float | None = setting(
        None,
        minimum=0,
        maximum=1,
        help="tagme: votes within this share of the best count as equal [paper 0.3, java 0.15]",
    )
    epsilon_by: str = setting(
        "value",
        choices=("value", "rank"),
        help="tagme: epsilon is a share of the best candidate's votes, or of the candidates",
    )
    tau: float | None = setting(
        None,
        minimum=0,
        maximum=1,
        help="tagme: candidates with a lower commonness are not chosen [paper 0.02, java 0.002]",
    )
    tau_for_votes: bool | None = setting(
        None, help="tagme: they do not vote, either [paper no, java yes]"
    )
    divide_votes: bool | None = setting(
        None, help="tagme: a mention's vote is divided by its candidates [paper yes, java no]"
    )
    min_shared: int | None = setting(
        None,
        minimum=1,
        help="entities with fewer in-links in common are not related [default: 1; java 2]",
    )
    min_links: int | None = setting(
        None,
        minimum=0,
        help="candidates that the form links to less often are left out [default: 0; java 2]",
    )
    relatedness: str = setting(
        "milne_witten",
        choices=("milne_witten", "direct_links"),
        help="tagme: what relates entities; direct_links: 1 if one links to the other",
    )
    link_without_votes: bool | None = setting(
        None,
        help="tagme: without any vote the most common candidate is chosen [paper no, java yes]",
    )

    def __post_init__(self) -> None:
        settings.check(self)
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        for name in () if self.method == "tagme" else _OF_TAGME_ALONE:
            if getattr(self, name) != defaults[name]:
                raise SettingError(
                    f"{name} is a setting of the method tagme, and the method is {self.method}; "
                    "choose tagme, or leave it out"
                )

    def chosen(self, name: str) -> Any:
        """The value of a setting, or what the method or preset gives."""
        value = getattr(self, name)
        if value is not None:
            return value
        if self.method != "tagme" and name in _COLLECTIVE:
            return _COLLECTIVE[name]
        return TAGME_PRESETS[self.preset][name]
