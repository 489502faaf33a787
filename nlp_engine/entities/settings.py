"""Settings of the entity commands."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.settings import setting
from nlp_engine.text.tokenizers import TOKENIZERS

ENGINES = ("duckdb", "spark")
METHODS = ("tagme", "commonness")


@dataclass(frozen=True, kw_only=True)
class KnowledgeBaseSettings:
    """How a knowledge base is built."""

    min_link_count: int = setting(
        1, minimum=1, help="forms with fewer links are left out (TAGME: 2; small dumps: 1)"
    )
    min_link_probability: float = setting(
        0.001, minimum=0, maximum=1, help="forms that are rarer as links are left out"
    )
    max_form_words: int = setting(8, minimum=1, maximum=16, help="most words that a form has")
    engine: str = setting(
        "duckdb",
        choices=ENGINES,
        help="what counts the links; spark: the active session, else all cores of this machine",
    )
    memory: str = setting(
        "2GB", metavar="SIZE", help="memory for counting, e.g. 500MB; the rest goes to the disk"
    )

    def __post_init__(self) -> None:
        settings.check(self)
        settings.byte_size("memory", self.memory)


@dataclass(frozen=True, kw_only=True)
class RankingSettings:
    """How entities are ranked; the defaults are the paper's."""

    method: str = setting(
        "tagme", choices=METHODS, help="tagme: votes of the other mentions; commonness: the prior"
    )
    rho: float = setting(0.2, minimum=0, maximum=1, help="links with a lower rho are dropped")
    tau: float = setting(
        0.02, minimum=0, maximum=1, help="candidates with a lower commonness are not chosen"
    )
    epsilon: float = setting(
        0.3, minimum=0, maximum=1, help="votes within this share of the best count as equal"
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
    window: int = setting(30, minimum=1, help="neighbouring mentions that vote on a mention")
    max_candidates: int = setting(20, minimum=1, help="candidates per mention, most common first")

    def __post_init__(self) -> None:
        settings.check(self)
