"""The knowledge base: surface forms, their candidate entities, and who links to whom."""

from __future__ import annotations

import json
import os
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.entities.arrays import MappedFolder
from nlp_engine.entities.characters import characters
from nlp_engine.entities.forms import form_key
from nlp_engine.entities.numbering import OUTSIDE_DUMP as OUTSIDE_DUMP
from nlp_engine.errors import FormatError
from nlp_engine.languages import Language, language
from nlp_engine.manifest import Manifest, read_manifest
from nlp_engine.native import entities as kernel
from nlp_engine.progress import Report, silent

CALIBRATION_FILE = "calibration.json"
# What reading damaged files raises: NumPy's headers are Python, and the kernels check their arrays.
_OF_DAMAGE = (ValueError, TypeError, LookupError, SyntaxError, tokenize.TokenError)
_WIKIDATA_FILE = "wikidata.npy"
_MOST_RESIDENT = 768 << 20  # bytes; see `KnowledgeBase.trim`


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a form may mean.

    Attributes:
        title: The entity's page title.
        page_id: Its page id, or -1 if the dump has no such page.
        links: How often the form links to it.
        commonness: Share of the form's links that point to it, 0 to 1; if the form is never a
            link, the same share for all.
    """

    title: str
    page_id: int
    links: int
    commonness: float


class KnowledgeBase:
    """An open knowledge base; forms and entities are known by numbers.

    Its arrays are mapped, so that several processes share them. F forms, E entities.

    Attributes:
        folder: Where it is.
        manifest: Of its folder.
        language: The wiki's language.
        articles: Number of articles, the W of Milne and Witten's formula.
        characters: The table of characters of its language.
        form_keys: (F) the forms' keys, sorted (`native.entities.sorted_strings`).
        forms: The forms as the kernels take them, with pages and link probabilities.
        link_documents: uint32 (F), pages where the form is a link, or their title.
        documents: uint32 (F), pages where it occurs.
        candidate_offsets: uint32 (F + 1), where each form's candidates start.
        candidate_entities: int32 (C), by falling count within a form.
        candidate_counts: uint32 (C), links from the form to the candidate.
        candidates_of_forms: The same for the kernels.
        in_degrees: uint32 (E), falling: how many pages link to each entity.
        titles: (E).
        page_ids: int32 (E).
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._files = files = MappedFolder(folder)
        self.folder = folder
        self.manifest = manifest
        self.language: Language = language(manifest.language)
        self.articles = int(manifest.counts["articles"])
        self.characters = characters(self.language)
        self.form_keys = files.sorted_strings("form_keys", manifest.counts["forms"])
        self.link_documents = files.array("form_link_documents")
        self.documents = files.array("form_documents")
        self.forms = kernel.forms(
            keys=self.form_keys,
            link_documents=self.link_documents,
            documents=self.documents,
            lower_forms=files.array("lower_forms"),
            lower_link_documents=files.array("lower_link_documents"),
            lower_documents=files.array("lower_documents"),
            max_words=int(manifest.settings["max_form_words"]),
        )
        self.candidate_offsets = files.offsets("candidate")
        self.candidate_entities = files.array("candidate_entities")
        self.candidate_counts = files.array("candidate_counts")
        self.candidates_of_forms = kernel.candidates(
            self.candidate_offsets, self.candidate_entities, self.candidate_counts
        )
        self.in_degrees = files.array("in_degrees")
        self.titles = kernel.Strings(files.bytes("titles"), files.offsets("titles"))
        self.page_ids = files.array("page_ids")
        self._title_order = files.array("title_order")
        self._in_links = files.number_lists("in_links")
        self._out_links = files.number_lists("out_links")
        self._category_names = files.sorted_strings("category_names", manifest.counts["categories"])
        self._categories = files.number_lists("categories")
        has_wikidata = (folder / _WIKIDATA_FILE).exists()
        self._wikidata = files.array("wikidata") if has_wikidata else None
        self._is_large = files.size > _MOST_RESIDENT
        if self._is_large:
            files.release()  # what was only checked

    @classmethod
    def open(cls, folder: Path | str) -> KnowledgeBase:
        """Open a knowledge base folder; its arrays are mapped, not read.

        Raises:
            InputError: There is no such folder.
            FormatError: A folder of another kind or version, cut short, or damaged.
        """
        folder = Path(folder)
        manifest = read_manifest(folder, "knowledge base")
        try:
            return cls(folder, manifest)
        except _OF_DAMAGE as error:
            raise damaged(folder, error) from error

    @classmethod
    def build(
        cls,
        extracted: Path | str | Sequence[Path | str],
        out: Path | str,
        *,
        wikidata: Path | None = None,
        overwrite: bool = False,
        report: Report = silent,
        **options: Any,
    ) -> KnowledgeBase:
        """Build a knowledge base from extracted shards and open it.

        See `nlp_engine.entities.build.build_knowledge_base`.
        """
        from nlp_engine.entities.build import build_knowledge_base

        build_knowledge_base(
            extracted, out, wikidata=wikidata, overwrite=overwrite, report=report, **options
        )
        return cls.open(out)

    def __len__(self) -> int:
        """Number of entities."""
        return len(self.in_degrees)

    def title(self, entity: int) -> str:
        """The page title of an entity."""
        if not 0 <= entity < len(self):
            raise damaged(self.folder, f"there is no entity {entity}")
        begin, end = self.titles.offsets[entity : entity + 2]
        return self.titles.data[begin:end].tobytes().decode("utf-8", "replace")

    def entity(self, title: str) -> int | None:
        """The entity with a page title, or None."""
        wanted = title.encode("utf-8", "surrogatepass")
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.title(int(self._title_order[middle])).encode() < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(self):
            return None
        found = int(self._title_order[low])
        return found if self.title(found) == title else None

    def page_id(self, entity: int) -> int:
        """The page id of an entity, or `OUTSIDE_DUMP`."""
        return int(self.page_ids[entity])

    def wikidata(self, entity: int) -> str | None:
        """The Wikidata item of an entity, such as Q42, where a mapping was given."""
        item = 0 if self._wikidata is None else int(self._wikidata[entity])
        return f"Q{item}" if item else None

    def in_links(self, entity: int) -> NDArray[np.int32]:
        """The entities whose pages link to an entity, ascending."""
        return self._entities_of(self._in_links, entity)

    def out_links(self, entity: int) -> NDArray[np.int32]:
        """The entities that an entity's page links to, ascending."""
        return self._entities_of(self._out_links, entity)

    def graph(self, added_titles: Sequence[str] = ()) -> Any:
        """Entities and links for the kernels, with further entities behind its own.

        Raises:
            FormatError: The knowledge base is damaged.
        """
        try:
            return kernel.entity_graph(
                in_degrees=self.in_degrees,
                pages=self.articles,
                in_links=self._in_links,
                out_links=self._out_links,
                titles=self.titles,
                added_titles=kernel.Strings.of(added_titles),
                characters=self.characters,
            )
        except ValueError as error:
            raise damaged(self.folder, error) from error

    def categories(self) -> list[str]:
        """All categories, sorted."""
        strings = kernel.Strings(*self._category_names.between(0, len(self._category_names)))
        return strings.decoded()

    def entities_of_category(self, category: str) -> NDArray[np.int32]:
        """The entities of a category, ascending; none if there is no such category."""
        number, exact, _ = self._category_names.find(category)
        return self._entities_of(self._categories, number) if exact else np.empty(0, np.int32)

    def _entities_of(self, lists: Any, number: int) -> NDArray[np.int32]:
        row: NDArray[np.int32] = lists.row(number)
        if len(row) and not 0 <= row.min() <= row.max() < len(self):
            raise damaged(self.folder, f"row {number} has entities that do not exist")
        return row

    def form(self, text: str) -> int | None:
        """The form that a text is, or None."""
        key = form_key(text, self.language)
        number, exact, _ = self.form_keys.find(key)
        return int(number) if exact and key else None

    def meaning(self, name: str) -> str | None:
        """The title of the entity that a name, e.g. a redirect's title, most often means."""
        form = self.form(name)
        candidates = [] if form is None else self.describe(form)
        return candidates[0].title if candidates else None

    def form_key(self, form: int) -> str:
        """The key of a form: its folded words."""
        return kernel.Strings(*self.form_keys.between(form, form + 1)).decoded()[0]

    def link_probability(self, form: int, *, lower: bool = False) -> float:
        """Share of the pages where a form occurs that use it as a link, 0 to 1.

        Args:
            form: The form.
            lower: Count only where it stands in lower case; only for single words.
        """
        return float(self.forms.link_probability(form, lower))

    def candidates(self, form: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The entities a form may mean and their commonness, most common first: (n), (n)."""
        begin, end = self.candidate_offsets[form : form + 2]
        counts = self.candidate_counts[begin:end].astype(np.float64)
        if not counts.sum():
            counts[:] = 1.0
        return self.candidate_entities[begin:end], counts / counts.sum()

    def describe(self, form: int) -> list[Candidate]:
        """The candidates of a form, most common first."""
        begin = self.candidate_offsets[form]
        entities, commonness = self.candidates(form)
        counts = self.candidate_counts[begin : begin + len(entities)]
        return [
            Candidate(self.title(entity), self.page_id(entity), int(count), float(share))
            for entity, count, share in zip(entities.tolist(), counts, commonness, strict=True)
        ]

    def trim(self) -> None:
        """Let go of mapped files if much of them has become resident; call it now and then.

        What is needed again comes from the system's cache.
        """
        if self._is_large and _resident_files() > _MOST_RESIDENT:
            self._files.release()

    def calibration(self) -> dict[str, Any] | None:
        """What `nlp_engine.entities.calibrate` found, or None."""
        path = self.folder / CALIBRATION_FILE
        if not path.exists():
            return None
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise damaged(self.folder, error) from error
        return found


def damaged(folder: Path, error: Exception | str) -> FormatError:
    """That a knowledge base is not as it was written."""
    return FormatError(f"{folder} is damaged ({error}); build it again with `nlp-engine kb build`")


def _resident_files() -> int:
    """Bytes of mapped files that are resident in this process; 0 where the system does not tell."""
    path = Path("/proc/self/statm")
    if not path.exists():
        return 0
    return int(path.read_text(encoding="ascii").split()[2]) * os.sysconf("SC_PAGE_SIZE")
