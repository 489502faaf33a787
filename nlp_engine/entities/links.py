"""What linking gives: links, and what decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EntityLink:
    """A mention and the entity it means.

    Attributes:
        start: Where the mention starts in the text, in characters.
        end: Where it ends, exclusive.
        mention: The text between.
        title: The entity's page title.
        page_id: Its page id, or -1 if the dump has no such page.
        commonness: Share of the form's links that point to the entity, 0 to 1.
        link_probability: Share of the pages with the form that use it as a link, 0 to 1; if it is
            one word in lower case, of the pages where it stands so.
        votes: What the other mentions' candidates give the entity, 0 or more.
        coherence: Mean relatedness (Milne and Witten's) to the other mentions' entities, 0 to 1.
        rho: Mean of link probability and coherence, 0 to 1.
        probability: That the entity is right if the mention names one: calibrated, where the
            knowledge base is (`kb calibrate`), else the entity's share among the candidates.
        score: The entity's share among the form's candidates, 0 to 1, by the method alone.
        links: How often the form links to the entity.
        wikidata: Its Wikidata item, where the knowledge base has a mapping.
    """

    start: int
    end: int
    mention: str
    title: str
    page_id: int
    commonness: float
    link_probability: float
    votes: float
    coherence: float
    rho: float
    probability: float
    score: float
    links: int
    wikidata: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Its attributes by name; `dataclasses.asdict`, ten times as fast."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Vote:
    """What another mention's candidate adds to a link's votes: `share` times the others' sum.

    Attributes:
        mention: The other form's key.
        title: Its candidate.
        share: The candidate's share among those of its form; with `tagme` as it votes.
        link: For a direct link between the two entities.
        cocitation: For pages that link to both.
        title_words: For words that both titles have.
        same: For the same entity.
        relatedness: TAGME's, instead of all these.
    """

    mention: str
    title: str
    share: float
    link: float
    cocitation: float
    title_words: float
    same: float
    relatedness: float

    @property
    def value(self) -> float:
        """What is added."""
        parts = self.link + self.cocitation + self.title_words + self.same + self.relatedness
        return self.share * parts


@dataclass(frozen=True, slots=True)
class Explanation:
    """A link, the votes that decided, largest first, and what else the mention may mean.

    Attributes:
        link: The link.
        votes: Its largest votes.
        others: Title and share of the other candidates, largest share first.
    """

    link: EntityLink
    votes: Sequence[Vote]
    others: Sequence[tuple[str, float]]
