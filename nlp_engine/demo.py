"""The whole walk on a real Wikipedia sample: dump, corpora, vectors, classifier, links, items."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine.classification.train import train_classifier
from nlp_engine.corpus.build import build_corpus
from nlp_engine.corpus.label import label_corpus
from nlp_engine.corpus.recipe import bundled_recipe
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.links import EntityLink
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.errors import require
from nlp_engine.files import new_folder
from nlp_engine.manifest import write_manifest
from nlp_engine.personalize.items import build_items
from nlp_engine.progress import Report, silent
from nlp_engine.reports.demo import Step, write_demo_report
from nlp_engine.wiki.extract import extract_dumps

RECIPE = "enwiki_sample"

TEXT = (
    "Aristotle studied under Plato in Athens and later taught Alexander the Great. Many centuries "
    "on, Abraham Lincoln, a Republican from Illinois, kept the Union together through the Civil "
    "War against the Confederacy. Apollo had by then long lost his temples, though Homer was "
    "still read and Achilles still mourned."
)
"""Written for this demo; no page of the sample contains it."""

# A small corpus needs more passes, wider windows and rarer words than BlazingText's defaults give.
VECTORS: dict[str, Any] = {
    "mode": "batch_skipgram",
    "vector_dim": 100,
    "window_size": 10,
    "batch_size": 21,
    "epochs": 15,
    "min_count": 3,
}
LABELS: dict[str, Any] = {
    "label": "title",
    "paragraphs": True,
    "max_labels": 12,
    "min_words": 20,
}
# Two million buckets would make an 800 MB model; these texts have fewer than 100,000 2-grams.
CLASSIFIER: dict[str, Any] = {
    "vector_dim": 50,
    "epochs": 50,
    "learning_rate": 0.5,
    "min_count": 1,
    "buckets": 100_000,
}


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo made.

    Attributes:
        folder: Where it all is.
        steps: The steps, in order.
        links: The entities of `TEXT`.
        mean_rho: Spearman's rho of the vectors on WordSim353.
        accuracy: Accuracy of the classifier on the held-out paragraphs of the test fold.
        examples: Paragraphs in that fold.
    """

    folder: Path
    steps: Sequence[Step]
    links: Sequence[EntityLink]
    mean_rho: float
    accuracy: float
    examples: int


def run_demo(out: Path | str, *, overwrite: bool = False, report: Report = silent) -> DemoResult:
    """Take the Wikipedia sample in gensim's wheel through every step.

    Args:
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told how far each step is.

    Raises:
        MissingExtraError: An extra is not installed; the demo needs `nlp-engine[all]`.
        OutputError: The folder exists or cannot be written.
    """
    for module in ("gensim", "fasttext", "sklearn", "jinja2", "matplotlib"):
        require(module, "all")
    started = time.monotonic()
    out = Path(out)
    with new_folder(out, overwrite=overwrite) as folder:
        walk = _Walk(folder, report)
        dump = walk.extract()
        walk.corpora()
        mean_rho = walk.vectors()
        accuracy, examples = walk.classifier()
        links = walk.entities()
        walk.items()
        walk.page(dump.name, links)
        write_manifest(folder, format="demo", language="en", started=started, sources=[dump])
    return DemoResult(out, walk.steps, links, mean_rho, accuracy, examples)


class _Walk:
    """The steps, each reading what earlier ones wrote to the folder."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.folder = folder
        self.report = report
        self.steps: list[Step] = []
        self.counts: dict[str, dict[str, int | float]] = {}
        self._started = time.monotonic()

    def extract(self) -> Path:
        dump = bundled_recipe(RECIPE).source_path()
        made = extract_dumps([dump], self.folder / "extracted", report=self.report)
        self.counts["extracted"] = dict(made.counts)
        pages = "{articles:,} articles, {redirects:,} redirects, {links:,} links".format(
            **made.counts
        )
        self._done("wiki extract", pages, "extracted")
        return dump

    def corpora(self) -> None:
        for name, format in (("corpus", "sentences"), ("text8", "text8")):
            made = build_corpus(
                self.folder / "extracted",
                self.folder / name,
                format=format,
                language=bundled_recipe(RECIPE).options["language"],
                report=self.report,
            )
            self.counts[f"corpus, {format}"] = dict(made.counts)
            size = "{lines:,} lines, {tokens:,} words, {types:,} different".format(**made.counts)
            self._done(f"corpus build --format {format}", size, name)

    def vectors(self) -> float:
        target = self.folder / "vectors"
        vectors = train_vectors(self.folder / "corpus", target, report=self.report, **VECTORS)
        rho = float(json.loads((target / "eval.json").read_text(encoding="utf-8"))["mean_rho"])
        self.counts["vectors"] = {
            "words": len(vectors),
            "vector_dim": vectors.vector_dim,
            "WordSim353 rho": rho,
        }
        made = f"{len(vectors):,} vectors; WordSim353 rho {rho:.3f}"
        self._done("train --mode batch_skipgram", made, "vectors")
        return rho

    def classifier(self) -> tuple[float, int]:
        made = label_corpus(
            self.folder / "extracted", self.folder / "labelled", report=self.report, **LABELS
        )
        folds = "{labels} labels; {train:,} + {validation:,} + {test:,} paragraphs".format(
            **made.counts
        )
        self._done("corpus label", folds, "labelled")
        target = self.folder / "classifier"
        train_classifier(self.folder / "labelled", target, report=self.report, **CLASSIFIER)
        results = json.loads((target / "eval.json").read_text(encoding="utf-8"))
        accuracy, examples = results["test_accuracy"], results["test"]["examples"]
        self.counts["classifier"] = {
            "labels": made.counts["labels"],
            "training paragraphs": made.counts["train"],
            "held-out paragraphs": examples,
            "accuracy held-out": accuracy,
        }
        self._done(
            "train --mode supervised",
            f"accuracy {accuracy:.3f} on {examples} held-out paragraphs",
            "classifier",
        )
        return accuracy, examples

    def entities(self) -> list[EntityLink]:
        kb = KnowledgeBase.build(self.folder / "extracted", self.folder / "kb", report=self.report)
        self.counts["knowledge base"] = dict(kb.manifest.counts)
        size = "{forms:,} forms, {entities:,} entities".format(**kb.manifest.counts)
        self._done("kb build", size, "kb")
        links = EntityRanker(kb).link(TEXT)
        self._done("link", f"{len(links)} entities in a new text", "kb")
        return links

    def items(self) -> None:
        made = build_items(
            self.folder / "extracted",
            self.folder / "items",
            vectors=WordVectors.open(self.folder / "vectors"),
            kb=KnowledgeBase.open(self.folder / "kb"),
            id="page_id",
            title="title",
            categories=("categories",),
            report=self.report,
        )
        self.counts["items"] = dict(made.counts)
        size = "{items:,} items, {topics:,} topics, {entities:,} entities".format(**made.counts)
        self._done("items build", size, "items")

    def page(self, source: str, links: Sequence[EntityLink]) -> None:
        write_demo_report(
            self.folder / "report.html",
            source=source,
            steps=self.steps,
            counts=self.counts,
            vectors=WordVectors.open(self.folder / "vectors"),
            text=TEXT,
            links=links,
            items=self.folder / "items" / "items.csv",
        )
        self._done("report", "one page with all of this", "report.html")

    def _done(self, name: str, made: str, place: str) -> None:
        now = time.monotonic()
        self.steps.append(Step(name, made, place, now - self._started))
        self._started = now
