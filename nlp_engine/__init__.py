"""From a Wikipedia dump or documents to corpora, vectors, classifiers, entities and items.

The public names load their modules on first use, so that importing the package is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nlp_engine.classification.classifier import Classifier as Classifier
    from nlp_engine.classification.classifier import Prediction as Prediction
    from nlp_engine.classification.compress import compress_classifier as compress_classifier
    from nlp_engine.classification.train import train_classifier as train_classifier
    from nlp_engine.classification.tuning.tune import tune_classifier as tune_classifier
    from nlp_engine.corpus.build import build_corpus as build_corpus
    from nlp_engine.corpus.label import label_corpus as label_corpus
    from nlp_engine.embeddings.train import train_vectors as train_vectors
    from nlp_engine.embeddings.vectors import WordVectors as WordVectors
    from nlp_engine.entities.calibrate import (
        calibrate_knowledge_base as calibrate_knowledge_base,
    )
    from nlp_engine.entities.domain_rules import DomainRules as DomainRules
    from nlp_engine.entities.knowledge_base import KnowledgeBase as KnowledgeBase
    from nlp_engine.entities.links import EntityLink as EntityLink
    from nlp_engine.entities.overlay import Overlay as Overlay
    from nlp_engine.entities.ranking import EntityRanker as EntityRanker
    from nlp_engine.errors import NlpEngineError as NlpEngineError
    from nlp_engine.personalize.check import check_dataset as check_dataset
    from nlp_engine.personalize.datasets import build_interactions as build_interactions
    from nlp_engine.personalize.datasets import build_users as build_users
    from nlp_engine.personalize.evaluation.evaluate import evaluate_items as evaluate_items
    from nlp_engine.personalize.factorization.features import write_fm_records as write_fm_records
    from nlp_engine.personalize.factorization.machine import (
        FactorizationMachine as FactorizationMachine,
    )
    from nlp_engine.personalize.items import build_items as build_items
    from nlp_engine.wiki.extract import extract_dumps as extract_dumps

_MODULES = {
    "Classifier": "classification.classifier",
    "DomainRules": "entities.domain_rules",
    "EntityLink": "entities.links",
    "EntityRanker": "entities.ranking",
    "FactorizationMachine": "personalize.factorization.machine",
    "KnowledgeBase": "entities.knowledge_base",
    "NlpEngineError": "errors",
    "Overlay": "entities.overlay",
    "Prediction": "classification.classifier",
    "WordVectors": "embeddings.vectors",
    "build_corpus": "corpus.build",
    "build_interactions": "personalize.datasets",
    "build_items": "personalize.items",
    "build_users": "personalize.datasets",
    "calibrate_knowledge_base": "entities.calibrate",
    "check_dataset": "personalize.check",
    "compress_classifier": "classification.compress",
    "evaluate_items": "personalize.evaluation.evaluate",
    "extract_dumps": "wiki.extract",
    "label_corpus": "corpus.label",
    "train_classifier": "classification.train",
    "train_vectors": "embeddings.train",
    "tune_classifier": "classification.tuning.tune",
    "write_fm_records": "personalize.factorization.features",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
