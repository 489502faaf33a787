"""Deleting a dataset group: all that is in it first, in the order that Personalize asks for."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Sequence

from nlp_engine.errors import EngineError, InputError, Interrupted
from nlp_engine.personalize.client import Missing, Unavailable
from nlp_engine.personalize.importing import kinds
from nlp_engine.personalize.importing.account import (
    SECONDS_BETWEEN_LOOKS,
    Account,
    failure_reason,
)
from nlp_engine.personalize.importing.kinds import Kind
from nlp_engine.personalize.importing.standing import Standing
from nlp_engine.personalize.sending.requests import Request

_SERVING = (kinds.CAMPAIGN, kinds.RECOMMENDER)
_STAGES = (
    (*_SERVING, kinds.EVENT_TRACKER, kinds.FILTER),
    (kinds.SOLUTION,),
    (kinds.DATASET,),
    (kinds.DATASET_GROUP,),
)
# As `items import` names them; what others have made may be meant for other things, too.
_OUR_SCHEMA = re.compile(r".*/(items|users|interactions)-[0-9a-f]{16}(-[0-9a-f]{16})?")

Stages = Sequence[Sequence[Standing]]


def delete_stages(found: Sequence[Standing], *, serving_only: bool = False) -> Stages:
    """What to delete in its order; the things of a stage must be gone before the next.

    Args:
        found: What is there.
        serving_only: Only campaigns and recommenders.

    Raises:
        InputError: Something that is to be deleted is still being made.
    """
    wanted = (_SERVING,) if serving_only else _STAGES
    busy = [thing for thing in found if thing.is_being_made]
    busy = [thing for thing in busy if thing.kind in _SERVING] if serving_only else busy
    if busy:
        raise InputError(f"{busy[0]}; Personalize deletes nothing that is being made: wait for it")
    stages = [[thing for thing in found if thing.kind in stage] for stage in wanted]
    return [stage for stage in stages if stage]


def delete_requests(stages: Stages) -> list[Request]:
    """The calls, without those for schemas, which only what is deleted tells of."""
    return [_request(thing.kind, thing.arn) for stage in stages for thing in stage]


def delete(
    account: Account,
    stages: Stages,
    *,
    log: Callable[[str], None] = lambda _: None,
    seconds: float = SECONDS_BETWEEN_LOOKS,
) -> list[str]:
    """Delete things and wait until they are gone.

    Schemas of datasets go, too, if `items import` has named them and no other dataset has them.

    Args:
        account: Where they are.
        stages: What `delete_stages` gives.
        log: Takes a line for each thing.
        seconds: Between two looks at what is being deleted.

    Returns:
        What was deleted, in words.

    Raises:
        EngineError: AWS refuses a call, or cannot delete something; its own words.
        Interrupted: Ctrl-C; what was begun goes on at AWS.
    """
    deleted = []
    try:
        schemas = _schemas(account, stages)
        for stage in stages:
            for thing in stage:
                _begin(account, thing)
                log(f"{thing.kind.words} {thing.name} is being deleted")
            for thing in stage:
                _wait(account, thing, seconds)
                deleted.append(f"{thing.kind.words} {thing.name}")
        for arn in schemas:
            name = arn.rpartition("/")[2]
            try:
                account.call_once(_request(kinds.SCHEMA, arn))
            except Unavailable:
                log(f"schema {name} stays: another dataset has it")
            except Missing:
                continue
            else:
                deleted.append(f"schema {name}")
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; what was begun goes on at Personalize, and the same command deletes the "
            "rest"
        ) from None
    return deleted


def _schemas(account: Account, stages: Stages) -> list[str]:
    datasets = [thing for stage in stages for thing in stage if thing.kind is kinds.DATASET]
    arns = [str(account.describe(kinds.DATASET, thing.arn)["schemaArn"]) for thing in datasets]
    return sorted({arn for arn in arns if _OUR_SCHEMA.fullmatch(arn)})


def _begin(account: Account, thing: Standing) -> None:
    if thing.status.startswith("DELETE") and not thing.status.endswith("FAILED"):
        return  # begun earlier
    with contextlib.suppress(Missing):
        account.call(_request(thing.kind, thing.arn))


def _wait(account: Account, thing: Standing, seconds: float) -> None:
    while True:
        try:
            found = account.describe(thing.kind, thing.arn)
        except Missing:
            return
        if str(found["status"]).endswith("FAILED"):
            words = f"{thing.kind.words} {thing.name}: {found['status']}"
            raise EngineError(f"{words}: {failure_reason(found)}")
        time.sleep(seconds)


def _request(kind: Kind, arn: str) -> Request:
    return Request(f"Delete{kind.api}", {kind.arn: arn})
