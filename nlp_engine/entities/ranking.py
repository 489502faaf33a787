"""Ranking: which entity each mention of a text means.

Three methods. `commonness` is the prior alone. `tagme` is P. Ferragina, U. Scaiella, "TAGME:
on-the-fly annotation of short text fragments (by Wikipedia entities)", CIKM 2010, arXiv:1006.3498,
with Milne and Witten's relatedness, "An effective, low-cost measure of semantic relatedness
obtained from Wikipedia links", 2008. `collective` settles all mentions together by relaxation
labelling:

    q(e | m) ~ prior(e | m) * (0.15 + sum over near mentions m', their candidates e', of
                                      q(e' | m') * related(e, e'))

twice, from q = prior. The prior of e is the number of links from m to e, plus 0.1, plus 2 if m is
the whole title. Entities are related by a link, which counts less the more pages link to either of
them; by the cosine of the sets of pages that link to them; and by a tenth of the cosine of their
titles' words beyond those of the mention; an entity that is a candidate of both mentions by 0.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine import settings
from nlp_engine.entities.calibration import Calibration
from nlp_engine.entities.domain_rules import DomainRules
from nlp_engine.entities.forms import form_key
from nlp_engine.entities.knowledge_base import OUTSIDE_DUMP, KnowledgeBase, damaged
from nlp_engine.entities.links import EntityLink, Explanation, Vote
from nlp_engine.entities.overlay import Overlay
from nlp_engine.entities.settings import RankingSettings
from nlp_engine.entities.spotting import Mention, spot
from nlp_engine.entities.workers import map_in_workers
from nlp_engine.native import entities as kernel
from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer

_MENTIONS_AT_ONCE = 64  # settled together, with those around them

Similarity = Callable[[str, Sequence[str]], NDArray[np.float64]]
"""Compares a text with entities, given by their titles: (n) cosines, say, of their vectors."""


class EntityRanker:
    """Links the mentions of texts to the entities of a knowledge base.

    Args:
        kb: The knowledge base.
        overlay: Further entities and aliases.
        rules: What is allowed, blocked or preferred.
        similarity: Compares a text with the titles of candidates; their priors are multiplied by
            exp(similarity_weight * similarity).
        similarity_weight: How much it counts.
        **options: Fields of `RankingSettings`.

    Raises:
        SettingError: An option that does not exist, is out of range, or is another method's.
    """

    def __init__(
        self,
        kb: KnowledgeBase,
        *,
        overlay: Overlay | None = None,
        rules: DomainRules | None = None,
        similarity: Similarity | None = None,
        similarity_weight: float = 1.0,
        **options: Any,
    ) -> None:
        self.kb = kb
        self.settings = chosen = settings.from_mapping(RankingSettings, options)
        self._overlay = overlay
        self._similarity, self._similarity_weight = similarity, similarity_weight
        self._graph = kb.graph(overlay.titles if overlay else ())
        factors = (rules or DomainRules()).factors(kb, overlay.titles if overlay else ())
        self._factors = kernel.factors(*factors)
        self._window = int(chosen.chosen("window"))
        self._rho = float(chosen.chosen("rho"))
        self._rules = _kernel_rules(chosen)
        try:
            self.calibration = Calibration.of(kb.calibration(), chosen.method)
        except (ValueError, TypeError, LookupError) as error:
            raise damaged(kb.folder, f"its calibration: {error!r}") from error
        self._tokenizer = (
            open_tokenizer(
                TokenizerSettings(name=chosen.tokenizer, language=kb.language.code, digits="keep")
            )
            if chosen.tokenizer
            else None
        )

    def link(self, text: str) -> list[EntityLink]:
        """The entities of a text, in order of their mentions.

        Args:
            text: Plain text of any length; each mention is judged by its neighbours.
        """
        return [link for link in self.candidates(text) if self._is_kept(link)]

    def link_all(self, texts: Iterable[str], *, workers: int = 1) -> Iterator[list[EntityLink]]:
        """The entities of many texts, in their order.

        Args:
            texts: Plain texts.
            workers: Processes to use; they share the mapped knowledge base.
        """
        return map_in_workers(self, EntityRanker.link, texts, workers)

    def link_spans(self, text: str, spans: Iterable[tuple[int, int]]) -> list[EntityLink | None]:
        """What given parts of a text mean, e.g. those that another tool has found.

        Nothing is dropped.

        Args:
            text: Plain text.
            spans: Start and end of each part, in order.

        Returns:
            For each part its link, or None if no candidate is known.
        """
        mentions: list[Mention | None] = [self._mention(text, start, end) for start, end in spans]
        links = iter(self._links(text, [m for m in mentions if m]))
        return [next(links) if mention else None for mention in mentions]

    def candidates(self, text: str) -> list[EntityLink]:
        """The best entity of every mention, before links with low values are dropped."""
        return [link for link in self._links(text, self._spot(text)) if link]

    def explain(self, text: str, *, votes: int = 5) -> list[Explanation]:
        """The links of a text with their largest votes.

        Args:
            text: Plain text.
            votes: How many votes to give for each link, at most.
        """
        return [
            Explanation(link, block.votes(node, votes), block.others(node))
            for block in self._blocks(text, self._spot(text))
            for link, node in block.links()
            if link and self._is_kept(link)
        ]

    def _is_kept(self, link: EntityLink) -> bool:
        return link.rho >= self._rho and link.probability >= self.settings.min_probability

    def _spot(self, text: str) -> list[Mention]:
        return spot(
            text,
            self.kb,
            self.settings.min_link_probability,
            self._tokenizer,
            self._overlay.forms if self._overlay else None,
        )

    def _mention(self, text: str, start: int, end: int) -> Mention | None:
        key = form_key(text[start:end], self.kb.language)
        if not key:
            return None
        forms = len(self.kb.form_keys)
        if self._overlay:
            number, exact, _ = self._overlay.keys.find(key)
            if exact:
                probability = float(self._overlay.forms.link_probability(number, False))
                return Mention(start, end, forms + number, probability)
        number, exact, _ = self.kb.form_keys.find(key)
        return Mention(start, end, number, self.kb.link_probability(number)) if exact else None

    def _links(self, text: str, mentions: Sequence[Mention]) -> Iterator[EntityLink | None]:
        for block in self._blocks(text, mentions):
            yield from (link for link, _ in block.links())

    def _blocks(self, text: str, mentions: Sequence[Mention]) -> Iterator[_Block]:
        """The mentions in blocks that are ranked at a time, each among those around it."""
        self.kb.trim()
        for begin in range(0, len(mentions), _MENTIONS_AT_ONCE):
            end = begin + _MENTIONS_AT_ONCE
            first = max(0, begin - self._window)
            around = mentions[first : end + self._window]
            ids = np.array([mention.form for mention in around], np.int64)
            nodes, form_of = self._gather(ids)
            if self._similarity:
                context = text[around[0].start : around[-1].end]
                nodes.set_prior(self._compared(context, nodes))
            yield _Block(
                ranker=self,
                text=text,
                mentions=mentions[begin:end],
                form_of=form_of[begin - first :].tolist(),
                nodes=nodes,
                ranking=kernel.rank(self._graph, nodes, self._rules),
            )

    def _gather(self, forms: NDArray[np.int64]) -> Any:
        try:
            return kernel.gather(
                base=self.kb.forms,
                candidates=self.kb.candidates_of_forms,
                added=self._overlay.forms if self._overlay else None,
                added_candidates=self._overlay.candidates if self._overlay else None,
                graph=self._graph,
                mentions=forms,
                rules=self._rules,
                factors=self._factors,
            )
        except ValueError as error:  # the candidates of these forms lead astray
            raise damaged(self.kb.folder, error) from error

    def _compared(self, context: str, nodes: Any) -> NDArray[np.float64]:
        assert self._similarity
        entities = nodes.entities
        different, place = np.unique(entities, return_inverse=True)
        titles = [self.title(entity) for entity in different.tolist()]
        similar = np.asarray(self._similarity(context, titles), np.float64)[place]
        prior = nodes.prior * np.exp(self._similarity_weight * similar)
        begins = nodes.node_offsets
        of_form = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
        return np.asarray(prior / np.bincount(of_form, prior)[of_form])

    def title(self, entity: int) -> str:
        """The title of an entity, of the knowledge base or added."""
        if entity < len(self.kb):
            return self.kb.title(entity)
        assert self._overlay
        return self._overlay.titles[entity - len(self.kb)]


def _kernel_rules(chosen: RankingSettings) -> Any:
    names = ["window", "min_links", "min_shared"]
    if chosen.method == "tagme":
        names += ["epsilon", "tau", "tau_for_votes", "divide_votes", "link_without_votes"]
    return kernel.ranking_rules(
        method=chosen.method,
        max_candidates=chosen.max_candidates,
        epsilon_by_rank=chosen.epsilon_by == "rank",
        direct_links=chosen.relatedness == "direct_links",
        **{name: chosen.chosen(name) for name in names},
    )


class _Block:
    """Mentions that were ranked at a time."""

    def __init__(
        self,
        *,
        ranker: EntityRanker,
        text: str,
        mentions: Sequence[Mention],
        form_of: Sequence[int],
        nodes: Any,
        ranking: Any,
    ) -> None:
        self._ranker = ranker
        self._text = text
        self._mentions = mentions
        self._form_of = form_of
        self._nodes = nodes
        self._ranking = ranking
        self._chosen: list[int] = ranking.chosen.tolist()
        self._coherence: list[float] = ranking.coherence.tolist()
        self._entities = nodes.entities
        self._offsets = nodes.node_offsets
        self._commonness = nodes.commonness
        self._links_to = nodes.counts
        self._scores = ranking.scores
        self._votes = ranking.votes

    def links(self) -> Iterator[tuple[EntityLink | None, int]]:
        """For each mention its link and the link's node; None and -1 if nothing is chosen."""
        for mention, form in zip(self._mentions, self._form_of, strict=False):
            node = self._chosen[form]
            yield None if node < 0 else self._link(mention, form, node), node

    def _link(self, mention: Mention, form: int, node: int) -> EntityLink:
        kb, entity = self._ranker.kb, int(self._entities[node])
        known = entity < len(kb)
        coherence = self._coherence[form]
        commonness = float(self._commonness[node])
        score = float(self._scores[node])
        links = int(self._links_to[node])
        return EntityLink(
            start=mention.start,
            end=mention.end,
            mention=self._text[mention.start : mention.end],
            title=self._ranker.title(entity),
            page_id=kb.page_id(entity) if known else OUTSIDE_DUMP,
            commonness=commonness,
            link_probability=mention.link_probability,
            votes=float(self._votes[node]),
            coherence=coherence,
            rho=(mention.link_probability + coherence) / 2,
            probability=self._ranker.calibration(score, commonness, links, coherence),
            score=score,
            links=links,
            wikidata=kb.wikidata(entity) if known else None,
        )

    def votes(self, node: int, most: int) -> list[Vote]:
        """The largest votes for a node."""
        keys = self._nodes.keys
        found = []
        for voter, share, *parts in self._ranking.votes_for(node, most):
            form = int(np.searchsorted(self._offsets, voter, "right")) - 1
            title = self._ranker.title(int(self._entities[voter]))
            # Differences of single and double precision are no votes against.
            found.append(Vote(keys[form], title, share, *(max(part, 0.0) for part in parts)))
        return found

    def others(self, node: int) -> list[tuple[str, float]]:
        """The other candidates of a node's form."""
        form = int(np.searchsorted(self._offsets, node, "right")) - 1
        nodes = range(self._offsets[form], self._offsets[form + 1])
        order = sorted((n for n in nodes if n != node), key=lambda n: -self._scores[n])
        return [(self._ranker.title(int(self._entities[n])), float(self._scores[n])) for n in order]
