"""Ranking: which entity each mention of a text means.

Names and formulas are TAGME's: P. Ferragina, U. Scaiella, "TAGME: on-the-fly annotation of short
text fragments (by Wikipedia entities)", CIKM 2010, arXiv:1006.3498. Relatedness is Milne and
Witten's, "An effective, low-cost measure of semantic relatedness obtained from Wikipedia links",
2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine import settings
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.settings import RankingSettings
from nlp_engine.entities.spotting import Mention, spot
from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer


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
        link_probability: Share of the pages with the form that use it as a link, 0 to 1.
        votes: What the other mentions' candidates give the entity, 0 or more.
        coherence: Mean relatedness to the other mentions' entities, 0 to 1.
        rho: Mean of link probability and coherence, 0 to 1.
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


class EntityRanker:
    """Links the mentions of texts to the entities of a knowledge base.

    Args:
        kb: The knowledge base.
        **options: Fields of `RankingSettings`.

    Raises:
        SettingError: An option that does not exist or is out of range.
    """

    def __init__(self, kb: KnowledgeBase, **options: Any) -> None:
        self.kb = kb
        self.settings = settings.from_mapping(RankingSettings, options)
        name = self.settings.tokenizer
        self._tokenizer = (
            open_tokenizer(TokenizerSettings(name=name, language=kb.language.code, digits="keep"))
            if name
            else None
        )

    def link(self, text: str) -> list[EntityLink]:
        """The entities of a text, in order of their mentions.

        Args:
            text: Plain text of any length; each mention is judged by its neighbours.
        """
        mentions = spot(text, self.kb, self.settings.min_link_probability, self._tokenizer)
        links = []
        half = max(1, self.settings.window // 2)
        for begin in range(0, len(mentions), half):
            block = mentions[begin : begin + half]
            context = mentions[max(0, begin - half) : begin + 2 * half]
            links += self._link_block(text, block, context)
        return [link for link in links if link.rho >= self.settings.rho]

    def _link_block(
        self, text: str, block: Sequence[Mention], context: Sequence[Mention]
    ) -> list[EntityLink]:
        """Link the mentions of a block by the votes of the forms around it."""
        forms = {mention.form: mention.link_probability for mention in context}
        nodes = _nodes(self.kb, list(forms), self.settings.max_candidates)
        unique, place = np.unique(nodes.entity, return_inverse=True)
        related = relatedness(self.kb, unique)[np.ix_(place, place)]
        votes = _votes(nodes, related)
        chosen = [
            self._choose(np.flatnonzero(nodes.form == index), nodes, votes)
            for index in range(len(forms))
        ]
        coherence = _coherence(related[np.ix_(chosen, chosen)])
        order = {form: index for index, form in enumerate(forms)}
        links = []
        for mention in block:
            index = order[mention.form]
            node = chosen[index]
            entity = int(nodes.entity[node])
            links.append(
                EntityLink(
                    start=mention.start,
                    end=mention.end,
                    mention=text[mention.start : mention.end],
                    title=self.kb.title(entity),
                    page_id=self.kb.page_id(entity),
                    commonness=float(nodes.commonness[node]),
                    link_probability=mention.link_probability,
                    votes=float(votes[node]),
                    coherence=float(coherence[index]),
                    rho=float(mention.link_probability + coherence[index]) / 2,
                )
            )
        return links

    def _choose(
        self, candidates: NDArray[np.intp], nodes: _Nodes, votes: NDArray[np.float64]
    ) -> int:
        """TAGME's disambiguation by threshold, among one form's candidates.

        Of the candidates whose votes come within `epsilon` of the best, the most common wins.
        """
        commonness = nodes.commonness[candidates]
        if self.settings.method == "commonness":
            return int(candidates[0])
        allowed = commonness >= self.settings.tau
        allowed[0] = True  # the most common one, if all are rare
        votes = np.where(allowed, votes[candidates], -1.0)
        near_best = votes >= (1 - self.settings.epsilon) * np.max(votes)
        return int(candidates[np.argmax(np.where(near_best, commonness, -1.0))])


@dataclass(frozen=True, slots=True)
class _Nodes:
    """All candidates of a context's forms, side by side: N nodes."""

    form: NDArray[np.intp]  # (N) position of the form in the context
    entity: NDArray[np.int32]  # (N)
    commonness: NDArray[np.float64]  # (N)


def _nodes(kb: KnowledgeBase, forms: Sequence[int], most: int) -> _Nodes:
    entities, commonness = zip(*(kb.candidates(form) for form in forms), strict=True)
    sizes = [min(len(e), most) for e in entities]
    return _Nodes(
        form=np.repeat(np.arange(len(forms)), sizes),
        entity=np.concatenate([e[:most] for e in entities]),
        commonness=np.concatenate([c[:most] for c in commonness]),
    )


def _votes(nodes: _Nodes, related: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N) what each candidate gets from the candidates of all other forms.

    A form's vote for a candidate is the mean over the form's own candidates of relatedness times
    commonness (paper, section 3.1).
    """
    candidates_of_form = np.bincount(nodes.form)[nodes.form]
    weight = nodes.commonness / candidates_of_form
    other_form = nodes.form[:, None] != nodes.form[None, :]
    return np.asarray((related * other_form) @ weight)


def _coherence(related: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M) mean relatedness of each of M chosen entities to the others; 0 for a single one."""
    others = len(related) - 1
    if others == 0:
        return np.zeros(1)
    return np.asarray((related.sum(axis=1) - related.diagonal()) / others)


def relatedness(kb: KnowledgeBase, entities: NDArray[np.int32]) -> NDArray[np.float64]:
    """Milne and Witten's relatedness between entities, 0 to 1.

    `1 - (log max(|A|, |B|) - log |A & B|) / (log W - log min(|A|, |B|))` with A and B the sets of
    pages that link to them and W the number of articles; 0 without a common page, 1 for the same
    entity.

    Args:
        kb: The knowledge base.
        entities: (n) different entities.

    Returns:
        (n, n) symmetric.
    """
    in_links = [kb.in_links(entity) for entity in entities.tolist()]
    sizes = np.array([len(sources) for sources in in_links], np.float64)
    sources, column = np.unique(np.concatenate(in_links), return_inverse=True)
    member = np.zeros((len(entities), len(sources)), np.float32)
    member[np.repeat(np.arange(len(entities)), sizes.astype(np.intp)), column] = 1
    shared = (member @ member.T).astype(np.float64)
    smaller = np.minimum(sizes[:, None], sizes[None, :])
    larger = np.maximum(sizes[:, None], sizes[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (np.log(larger) - np.log(shared)) / (np.log(kb.articles) - np.log(smaller))
    related = np.where(shared > 0, np.clip(1 - np.nan_to_num(distance, nan=0.0), 0, 1), 0.0)
    np.fill_diagonal(related, 1.0)
    return related
