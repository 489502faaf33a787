"""The commands `nlp-engine similar`, `analogy` and `predict`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlp_engine.cli.console import json_line, print_json, print_table
from nlp_engine.cli.options import Json, command

if TYPE_CHECKING:
    from nlp_engine.classification.classifier import Explanation

_Vectors = Annotated[
    Path,
    typer.Argument(metavar="MODEL", help="A model folder, or a file: fastText or word2vec."),
]
_K = Annotated[int, typer.Option("-k", min=1, help="How many answers.")]
_Tokenizer = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="fast, text8, whitespace, spacy or nltk; by default the one of the training text.",
        show_default=False,
    ),
]
_BATCH = 1000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(similar)
    app.command()(analogy)
    app.command()(predict)


@command()
def similar(
    *,
    model: _Vectors,
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words to look up.")],
    k: _K = 10,
    tokenizer: _Tokenizer = None,
    json: Json = False,
) -> None:
    """The words nearest to each word, by cosine."""
    from nlp_engine.embeddings.vectors import WordVectors

    vectors = WordVectors.open(model)
    known = [_known_form(vectors, word, tokenizer) for word in words]
    found = dict(zip(words, vectors.most_similar(known, k), strict=True))
    if json:
        print_json({word: [_scored(*hit) for hit in hits] for word, hits in found.items()})
        return
    for word, hits in found.items():
        print_table(["word", "cosine"], hits, title=word)


@command()
def analogy(
    *,
    model: _Vectors,
    a: Annotated[str, typer.Argument(metavar="A", help="man")],
    b: Annotated[str, typer.Argument(metavar="B", help="king")],
    c: Annotated[str, typer.Argument(metavar="C", help="woman")],
    k: _K = 5,
    tokenizer: _Tokenizer = None,
    json: Json = False,
) -> None:
    """The words that are to C as B is to A."""
    from nlp_engine.embeddings.vectors import WordVectors

    vectors = WordVectors.open(model)
    a, b, c = (_known_form(vectors, word, tokenizer) for word in (a, b, c))
    hits = vectors.analogy(a, b, c, k)
    if json:
        print_json([_scored(*hit) for hit in hits])
    else:
        print_table(["word", "cosine"], hits)


@command()
def predict(
    *,
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="A classifier folder, or a fastText model file."),
    ],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One text per line; - is standard input.")
    ] = Path("-"),
    k: _K = 1,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out labels that are less probable.")
    ] = 0.0,
    explain: Annotated[
        bool, typer.Option("--explain", help="What each word adds.", show_default=False)
    ] = False,
    tokenizer: _Tokenizer = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object per text.", show_default=False)
    ] = False,
) -> None:
    """The most probable labels of each text."""
    from nlp_engine.classification.classifier import Classifier

    classifier = Classifier.open(model)
    words = classifier.tokenizer(tokenizer)
    for texts in _batches(_texts(file)):
        found = classifier.predict(texts, k, threshold, tokenizer=words)
        for text, predictions in zip(texts, found, strict=True):
            explained = classifier.explain(text, tokenizer=words) if explain else None
            if json:
                labels = [_labelled(p.label, p.probability) for p in predictions]
                added = {"explanation": _explained(explained)} if explained else {}
                typer.echo(json_line({"text": text, "predictions": labels, **added}))
                continue
            typer.echo("\t".join(f"{p.label} {p.probability:.4f}" for p in predictions))
            if explained:
                shown = [f"{word} {score:+.2f}" for word, score in explained.contributions]
                typer.echo("  " + "  ".join(shown))


def _known_form(vectors: Any, word: str, tokenizer: str | None) -> str:
    """The word itself if it is known, else as the corpus' tokenizer (or another) writes it."""
    if word in vectors:
        return word
    words = vectors.tokenizer(tokenizer).words(word)
    return words[0] if len(words) == 1 else word


def _texts(file: Path) -> Iterator[str]:
    from nlp_engine.corpus.sources import read_lines

    if str(file) == "-":
        yield from (line.rstrip("\n") for line in sys.stdin)
    else:
        yield from read_lines(file)


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _scored(word: str, cosine: float) -> dict[str, Any]:
    return {"word": word, "cosine": cosine}


def _explained(explanation: Explanation) -> dict[str, Any]:
    contributions = [contribution._asdict() for contribution in explanation.contributions]
    return {**explanation._asdict(), "contributions": contributions}


def _labelled(label: str, probability: float) -> dict[str, Any]:
    return {"label": label, "probability": probability}
