"""The spaCy pipeline component `entity_ranker`: it sets `doc.ents` and `doc._.links`.

nlp = spacy.blank("en")
nlp.add_pipe("entity_ranker", config={"kb": "kb/"})
nlp("…").ents[0].kb_id_
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from nlp_engine.entities.domain_rules import DomainRules
from nlp_engine.entities.knowledge_base import OUTSIDE_DUMP, KnowledgeBase
from nlp_engine.entities.links import EntityLink
from nlp_engine.entities.overlay import Overlay
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.errors import FormatError, SettingError

NAME = "entity_ranker"
LABEL = "ENTITY"
NIL = "NIL"
"""The `kb_id_` of entities that have no page in the dump, or no Wikidata item; as in spaCy."""
KB_IDS: dict[str, Callable[[EntityLink], str]] = {
    "title": lambda link: link.title,
    "page_id": lambda link: NIL if link.page_id == OUTSIDE_DUMP else str(link.page_id),
    "wikidata": lambda link: link.wikidata or NIL,
}
MENTIONS = ("spot", "ents")
_SETTINGS_FILE = "entity_ranker.json"
_FILES = {"overlay": "overlay.csv", "rules": "rules.toml"}


def _links_of(doc: Doc) -> list[EntityLink]:
    return [EntityLink(**link) for link in doc.user_data.get("entity_links", ())]


@Language.factory(
    NAME,
    assigns=["doc.ents", "doc._.links", "token.ent_kb_id"],
    default_config={
        "mentions": "spot",
        "kb_id": "title",
        "label": LABEL,
        "overlay": None,
        "rules": None,
        "options": {},
    },
)
def make_entity_ranker(
    nlp: Language,
    name: str,
    kb: str,
    mentions: str,
    kb_id: str,
    label: str,
    overlay: str | None,
    rules: str | None,
    options: dict[str, Any],
) -> EntityRankerComponent:
    """Make the component; warns if the knowledge base is of another language than the pipeline.

    Args:
        nlp: The pipeline.
        name: Of the component.
        kb: The knowledge base's folder.
        mentions: `spot`: the component finds mentions itself; `ents`: it links the entities that
            components before it have found, and keeps their labels.
        kb_id: What `kb_id_` is: `title`, `page_id` or `wikidata`; `NIL` where there is none.
        label: Of entities that the component finds.
        overlay: A CSV file of custom entities and aliases.
        rules: A TOML file of domain rules.
        options: Fields of `RankingSettings`.
    """
    made = EntityRankerComponent(
        name, kb, mentions=mentions, kb_id=kb_id, label=label, overlay=overlay, rules=rules,
        options=options,
    )  # fmt: skip
    if nlp.lang not in (made.language, "xx"):  # xx: of several languages
        warnings.warn(
            f"{name}: the pipeline is of language {nlp.lang!r}, and {kb} of {made.language!r}",
            stacklevel=2,
        )
    return made


class EntityRankerComponent:
    """Links the mentions of documents; see `make_entity_ranker`."""

    def __init__(
        self,
        name: str,
        kb: str,
        *,
        mentions: str = "spot",
        kb_id: str = "title",
        label: str = LABEL,
        overlay: str | None = None,
        rules: str | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        if mentions not in MENTIONS:
            raise SettingError(f"mentions is {mentions!r}; it must be one of {', '.join(MENTIONS)}")
        if kb_id not in KB_IDS:
            raise SettingError(f"kb_id is {kb_id!r}; it must be one of {', '.join(KB_IDS)}")
        self.name = name
        self._kb = KnowledgeBase.open(kb)
        self._mentions, self._label = mentions, label
        self._kb_id = KB_IDS[kb_id]
        self._options = dict(options or {})
        self._files = {
            name: Path(path) for name, path in (("overlay", overlay), ("rules", rules)) if path
        }
        self._contents: dict[str, bytes] = {}
        self._opened: EntityRanker | None = None
        # A pipeline that is loaded has its own copies of the files (`from_disk`).
        if all(path.exists() for path in self._files.values()):
            self._open()
        if not Doc.has_extension("links"):
            Doc.set_extension("links", getter=_links_of)

    @property
    def language(self) -> str:
        """The knowledge base's language."""
        return self._kb.language.code

    def _open(self) -> EntityRanker:
        overlay, rules = self._files.get("overlay"), self._files.get("rules")
        self._opened = EntityRanker(
            self._kb,
            overlay=Overlay.read(overlay, self._kb) if overlay else None,
            rules=DomainRules.read(rules) if rules else None,
            **self._options,
        )
        self._contents = {name: path.read_bytes() for name, path in self._files.items()}
        return self._opened

    @property
    def _ranker(self) -> EntityRanker:
        return self._opened or self._open()

    def __call__(self, doc: Doc) -> Doc:
        """Link one document.

        Raises:
            InputError: The file of custom entities or of rules is missing.
        """
        links = self._ranker.link(doc.text) if self._mentions == "spot" else self._of_ents(doc)
        spans = [self._span(doc, link) for link in links]
        linked = filter_spans([span for span in spans if span is not None])
        taken = {token.i for span in linked for token in span}
        others = [ent for ent in doc.ents if not any(token.i in taken for token in ent)]
        doc.ents = [*linked, *others]
        doc.user_data["entity_links"] = [link.to_dict() for link in links]
        return doc

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = 64) -> Iterator[Doc]:
        """Link many documents."""
        del batch_size
        yield from map(self, docs)

    def _of_ents(self, doc: Doc) -> list[EntityLink]:
        spans = [(ent.start_char, ent.end_char) for ent in doc.ents]
        found = self._ranker.link_spans(doc.text, spans)
        least = self._ranker.settings.min_probability
        return [link for link in found if link and link.probability >= least]

    def _span(self, doc: Doc, link: EntityLink) -> Span | None:
        label = self._label
        if self._mentions == "ents":
            label = next(e.label_ for e in doc.ents if e.start_char == link.start)
        return doc.char_span(
            link.start, link.end, label=label, kb_id=self._kb_id(link), alignment_mode="expand"
        )

    def to_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> None:
        """Write what is needed beside the knowledge base, which stays where it is."""
        del exclude
        if self._opened is None:
            self._open()
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        for name, file_name in _FILES.items():
            if name in self._contents:
                (folder / file_name).write_bytes(self._contents[name])
            else:
                (folder / file_name).unlink(missing_ok=True)
        content = {"kb_id": self._kb.manifest.id}
        (folder / _SETTINGS_FILE).write_text(json.dumps(content), encoding="utf-8")

    def from_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> EntityRankerComponent:
        """Read what `to_disk` wrote.

        Raises:
            FormatError: The pipeline was saved with another knowledge base.
        """
        del exclude
        folder = Path(path)
        content = json.loads((folder / _SETTINGS_FILE).read_text(encoding="utf-8"))
        if content["kb_id"] != self._kb.manifest.id:
            raise FormatError(
                f"{folder} was saved with the knowledge base {content['kb_id']}, and "
                f"{self._kb.folder} is {self._kb.manifest.id}; build it again from the same data, "
                "or add the component anew"
            )
        saved = {name: folder / file_name for name, file_name in _FILES.items()}
        self._files = {name: path for name, path in saved.items() if path.exists()}
        self._open()
        return self
