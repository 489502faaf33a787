"""The knowledge base: surface forms, their candidate entities, and who links to whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from nlp_engine.entities.forms import FormTrie, form_key
from nlp_engine.languages import Language, language
from nlp_engine.manifest import Manifest, read_manifest
from nlp_engine.progress import Report, silent

FORMS_FILE, TITLES_FILE = "forms.marisa", "titles.marisa"
OUTSIDE_DUMP = -1
"""Page id of an entity that pages link to but that has no page in the dump."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a form may mean.

    Attributes:
        title: The entity's page title.
        page_id: Its page id, or -1 if the dump has no such page.
        links: How often the form links to it.
        commonness: Share of the form's links that point to it, 0 to 1.
    """

    title: str
    page_id: int
    links: int
    commonness: float


@dataclass(frozen=True, slots=True)
class Arrays:
    """The memory-mapped side: F forms, C candidates, E entities, L links between entities.

    A page's own title and a redirect's title count as one link each.

    Attributes:
        form_links: uint32 (F), links with the form as anchor.
        form_link_documents: uint32 (F), pages with such a link.
        form_documents: uint32 (F), pages where the form occurs at all.
        candidate_offsets: int64 (F + 1), where each form's candidates start.
        candidate_entities: int32 (C), by falling count within a form.
        candidate_counts: uint32 (C), links from the form to the candidate.
        in_link_offsets: int64 (E + 1), where each entity's in-links start.
        in_link_sources: int32 (L), entities that link to it, ascending.
        page_ids: int64 (E).
    """

    form_links: NDArray[np.uint32]
    form_link_documents: NDArray[np.uint32]
    form_documents: NDArray[np.uint32]
    candidate_offsets: NDArray[np.int64]
    candidate_entities: NDArray[np.int32]
    candidate_counts: NDArray[np.uint32]
    in_link_offsets: NDArray[np.int64]
    in_link_sources: NDArray[np.int32]
    page_ids: NDArray[np.int64]


class KnowledgeBase:
    """An open knowledge base; forms and entities are known by ids, positions in the arrays.

    Attributes:
        language: The wiki's language.
        manifest: Of its folder.
        arrays: Its memory-mapped arrays.
        articles: Number of articles, the W of Milne and Witten's formula.
        forms: Its forms; their ids are positions in the arrays.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.language: Language = language(manifest.language)
        self.articles = int(manifest.counts["articles"])
        self.arrays = Arrays(
            **{
                name: np.load(folder / f"{name}.npy", mmap_mode="r")
                for name in Arrays.__dataclass_fields__
            }
        )
        self.forms = FormTrie.open(folder / FORMS_FILE, int(manifest.settings["max_form_words"]))
        self._titles: Any = marisa_trie.Trie().mmap(str(folder / TITLES_FILE))

    @classmethod
    def open(cls, folder: Path | str) -> KnowledgeBase:
        """Open a knowledge base folder; its arrays are mapped, not read.

        Raises:
            InputError: There is no such folder.
            FormatError: A folder of another kind or version, or cut short.
        """
        folder = Path(folder)
        return cls(folder, read_manifest(folder, "knowledge base"))

    @classmethod
    def build(
        cls,
        extracted: Path | str,
        out: Path | str,
        *,
        overwrite: bool = False,
        report: Report = silent,
        **options: Any,
    ) -> KnowledgeBase:
        """Build a knowledge base from extracted shards and open it.

        See `nlp_engine.entities.build.build_knowledge_base`.
        """
        from nlp_engine.entities.build import build_knowledge_base

        build_knowledge_base(extracted, out, overwrite=overwrite, report=report, **options)
        return cls.open(out)

    def __len__(self) -> int:
        """Number of entities."""
        return len(self.arrays.page_ids)

    def title(self, entity: int) -> str:
        """The page title of an entity."""
        return str(self._titles.restore_key(entity))

    def entity(self, title: str) -> int | None:
        """The entity with a page title, or None."""
        found = self._titles.get(title)
        return None if found is None else int(found)

    def page_id(self, entity: int) -> int:
        """The page id of an entity, or `OUTSIDE_DUMP`."""
        return int(self.arrays.page_ids[entity])

    def in_links(self, entity: int) -> NDArray[np.int32]:
        """The entities whose pages link to an entity, ascending."""
        begin, end = self.arrays.in_link_offsets[entity : entity + 2]
        return self.arrays.in_link_sources[begin:end]

    def form(self, text: str) -> int | None:
        """The form that a text is, or None."""
        return self.forms.id(form_key(text, self.language))

    def link_probability(self, form: int) -> float:
        """Share of the pages where a form occurs that use it as a link, 0 to 1."""
        arrays = self.arrays
        return float(arrays.form_link_documents[form] / arrays.form_documents[form])

    def candidates(self, form: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The entities a form may mean and their commonness, most common first: (n), (n)."""
        begin, end = self.arrays.candidate_offsets[form : form + 2]
        counts = self.arrays.candidate_counts[begin:end].astype(np.float64)
        return self.arrays.candidate_entities[begin:end], counts / counts.sum()

    def describe(self, form: int) -> list[Candidate]:
        """The candidates of a form, most common first."""
        begin = self.arrays.candidate_offsets[form]
        entities, commonness = self.candidates(form)
        counts = self.arrays.candidate_counts[begin : begin + len(entities)]
        return [
            Candidate(self.title(entity), self.page_id(entity), int(count), float(share))
            for entity, count, share in zip(entities.tolist(), counts, commonness, strict=True)
        ]
