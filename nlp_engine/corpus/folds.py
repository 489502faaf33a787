"""Which examples a labelled corpus keeps, and in which fold, where the source gives some folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nlp_engine.corpus.duplicates import Groups
from nlp_engine.corpus.examples import Example
from nlp_engine.corpus.labelled import FOLDS
from nlp_engine.corpus.split import Shares, stratified_split
from nlp_engine.errors import InputError


def distinct(examples: Sequence[Example], counts: Counter[str]) -> list[Example]:
    """The held-out examples as they are given; of the others, one for equal text and labels.

    Args:
        examples: The examples.
        counts: Gets `equal_left_out`.
    """
    seen = {_content(example) for example in examples if _is_held_out(example)}
    kept = []
    for example in examples:
        if _is_held_out(example) or _content(example) not in seen:
            kept.append(example)
            seen.add(_content(example))
    counts["equal_left_out"] = len(examples) - len(kept)
    return kept


def _content(example: Example) -> tuple[str, frozenset[str]]:
    return example.words, frozenset(example.labels)


def _is_held_out(example: Example) -> bool:
    return example.fold not in (None, FOLDS[0])


def without_held_out(
    examples: Sequence[Example],
    groups: Groups,
    counts: Counter[str],
    *,
    keep: bool,
) -> tuple[list[Example], Groups]:
    """Without the training examples that are like one that the source holds out.

    Args:
        examples: (N) the examples.
        groups: (N) their groups.
        counts: Gets `like_held_out_left_out`, or `like_held_out` if they are kept.
        keep: Count them, but keep them.
    """
    pairs = list(zip(examples, groups.tolist(), strict=True))
    held_out = {group for example, group in pairs if _is_held_out(example)}
    kept = [i for i, (e, group) in enumerate(pairs) if _is_held_out(e) or group not in held_out]
    leaking = len(examples) - len(kept)
    if keep:
        counts["like_held_out"] = leaking
        return list(examples), groups
    counts["like_held_out_left_out"] = leaking
    return [examples[i] for i in kept], groups[kept]


def assign_folds(examples: Sequence[Example], groups: Groups, shares: Shares) -> list[str]:
    """The fold of each example: the given one; the others are split into those not given.

    Args:
        examples: (N) the examples.
        groups: (N) their groups, which stay together.
        shares: Of train, validation and test; they add up to 1.

    Raises:
        InputError: Nothing is left for training.
    """
    given = {example.fold for example in examples if example.fold}
    held_out = given - {FOLDS[0]}
    left = [0.0 if FOLDS[i] in held_out else share for i, share in enumerate(shares)]
    total = sum(left)
    to_split = [i for i, example in enumerate(examples) if not _is_held_out(example)]
    if not to_split:
        raise InputError(
            "nothing is left for training: every example is like one of the given validation or "
            "test fold; pass --duplicates keep or --no-given-folds"
        )
    split = stratified_split(
        [examples[i].words for i in to_split],
        [examples[i].labels for i in to_split],
        groups[to_split].tolist(),
        (left[0] / total, left[1] / total, left[2] / total),
    )
    folds = [example.fold or "" for example in examples]
    for i, fold in zip(to_split, split, strict=True):
        folds[i] = fold
    return folds
