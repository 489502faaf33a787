"""What an account has at Personalize: calls that are tried again, lists and descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlp_engine.personalize.client import Client
from nlp_engine.personalize.importing.kinds import Kind
from nlp_engine.personalize.sending.deliver import Caller
from nlp_engine.personalize.sending.rate import TokenBucket
from nlp_engine.personalize.sending.requests import Request

SECONDS_BETWEEN_LOOKS = 20.0
"""At what is being made or deleted."""

_CALLS_PER_SECOND = 5.0
_ATTEMPTS = 10
_LONGEST_PAUSE = 20.0


class Account:
    """An account in a region.

    Args:
        region: AWS region.

    Raises:
        MissingExtraError: boto3 is not installed.
    """

    def __init__(self, region: str) -> None:
        self._client = Client("personalize", region)
        self._caller = Caller(
            self.call_once,
            TokenBucket(_CALLS_PER_SECOND, capacity=_CALLS_PER_SECOND),
            _ATTEMPTS,
            longest_pause=_LONGEST_PAUSE,
        )

    def call(self, request: Request) -> dict[str, Any]:
        """Make a call, again if AWS cannot do it now; gives the answer.

        Raises:
            EngineError: AWS refuses it, or does not do it after all tries.
        """
        answer: dict[str, Any] = self._caller.call(request)
        return answer

    def call_once(self, request: Request) -> dict[str, Any]:
        """Try a call once; see `Client.call`."""
        return self._client.call(request.operation, request.parameters)

    def list(self, kind: Kind, within: str | None = None) -> list[dict[str, Any]]:
        """All things of a kind, or those within the thing of an ARN."""
        parameters = {kind.within: within} if within else {}
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self.call(Request(f"List{kind.api}s", {**parameters, **more}))
            found += page.get(kind.listed, [])
            if not page.get("nextToken"):
                return found
            more = {"nextToken": page["nextToken"]}

    def describe(self, kind: Kind, arn: str) -> dict[str, Any]:
        """What AWS says of a thing.

        Raises:
            Missing: There is none.
        """
        answer = self.call(Request(f"Describe{kind.api}", {kind.arn: arn}))
        described: dict[str, Any] = answer[kind.answer]
        return described


def created_at(found: Mapping[str, Any]) -> float:
    """When a thing was made, in seconds since 1970; 0 if AWS does not say."""
    at = found.get("creationDateTime")
    return at.timestamp() if at else 0.0


def has_failed(found: Mapping[str, Any]) -> bool:
    """Whether a thing could not be made or deleted."""
    return str(found.get("status", "")).endswith(("FAILED", "STOPPED", "STOPPING"))


def failure_reason(found: Mapping[str, Any]) -> str:
    """Why, in AWS's words."""
    return str(found.get("failureReason", "AWS gives no reason"))
