"""What a job may cost at most, from a table of prices that the user can edit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.files import read_toml
from nlp_engine.sagemaker.requests.transform import transform_options
from nlp_engine.sagemaker.requests.tuning import tuning_of
from nlp_engine.sagemaker.spec import JobSpec
from nlp_engine.settings import setting

_SECONDS_PER_HOUR = 3600
_HOURS_PER_MONTH = 730


@dataclass(frozen=True, kw_only=True)
class _Head:
    region: str = setting(help="whose prices they are")
    date: str = setting(help="when they held")
    currency: str = setting(help="of all prices")
    storage_gb_month: float = setting(
        minimum=0, help="of a training instance's disk, per GB and month"
    )

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class Prices(_Head):
    """A table of prices.

    Attributes:
        per_hour: By instance type, per hour and instance.
    """

    per_hour: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What an action may cost.

    Attributes:
        at_most: In all; None if it has no end, or a price is unknown.
        per_hour: As long as it runs; None if the price is unknown.
        currency: Of both.
        how: The calculation in words.
    """

    at_most: float | None
    per_hour: float | None
    currency: str
    how: str


def read_prices(path: Path | None = None) -> Prices:
    """Read a table of prices; by default the one of this package, which has examples.

    Raises:
        InputError: Missing or no TOML.
        SettingError: A key is missing or unknown, or a price is no number.
    """
    if path is None:
        with resources.as_file(resources.files("nlp_engine.sagemaker") / "prices.toml") as own:
            return _read(own)
    return _read(path)


def cost_of(action: str, spec: JobSpec, prices: Prices) -> Cost:
    """The upper bound of an action's cost.

    Managed spot training costs less, by how much nobody knows beforehand: it is not assumed.

    Args:
        action: `train`, `tune`, `deploy`, `transform`, `stop` or `delete`.
        spec: The job.
        prices: The table.
    """
    if action == "train":
        return _training(spec, prices, jobs=1, parallel=1)
    if action == "tune":
        options = tuning_of(spec).options
        return _training(spec, prices, jobs=options.max_jobs, parallel=options.max_parallel_jobs)
    if action == "deploy":
        hosting = spec.hosting
        return running(hosting.instance_type, hosting.instance_count, prices, "until it is deleted")
    if action == "transform":
        wanted = transform_options(spec)
        until = "until all input is answered"
        return running(wanted.instance_type, wanted.instance_count, prices, until)
    return Cost(at_most=0.0, per_hour=0.0, currency=prices.currency, how="nothing is started")


def running(type: str, count: int, prices: Prices, until: str) -> Cost:
    """The cost of instances that run for an unknown time.

    Args:
        type: Their type.
        count: Their number.
        prices: The table.
        until: When they stop.
    """
    price = prices.per_hour.get(type)
    if price is None:
        return _unknown(type, prices)
    hourly = round(count * price, 4)
    how = (
        f"{count} × {type} × {price} {prices.currency} an hour {until}; "
        f"{hourly * _HOURS_PER_MONTH:.2f} {prices.currency} a month{_source(prices)}"
    )
    return Cost(at_most=None, per_hour=hourly, currency=prices.currency, how=how)


def _training(spec: JobSpec, prices: Prices, *, jobs: int, parallel: int) -> Cost:
    instance = spec.instance
    price = prices.per_hour.get(instance.type)
    if price is None:
        return _unknown(instance.type, prices)
    hours = instance.max_seconds / _SECONDS_PER_HOUR
    storage = instance.volume_gb * prices.storage_gb_month / _HOURS_PER_MONTH
    hourly = instance.count * (price + storage)
    many = f"{jobs} jobs × " if jobs > 1 else ""
    how = (
        f"{many}{instance.count} × {instance.type} × {hours:g} h × {price} {prices.currency}, "
        f"and {instance.volume_gb} GB of disk each"
        + ("; spot prices are not assumed" if spec.spot else "")
        + _source(prices)
    )
    return Cost(
        at_most=round(jobs * hourly * hours, 4),
        per_hour=round(parallel * hourly, 4),
        currency=prices.currency,
        how=how,
    )


def _unknown(type: str, prices: Prices) -> Cost:
    how = f"unknown: the table of prices ({prices.region}, {prices.date}) has no {type}"
    return Cost(at_most=None, per_hour=None, currency=prices.currency, how=how)


def _source(prices: Prices) -> str:
    return f"; prices of {prices.region}, {prices.date}"


def _read(path: Path) -> Prices:
    content: dict[str, Any] = read_toml(path)
    per_hour = content.pop("per_hour", {})
    try:
        head = settings.from_mapping(_Head, content)
        prices = {type: _price(type, price) for type, price in per_hour.items()}
        return Prices(**dataclasses.asdict(head), per_hour=prices)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from error


def _price(type: str, price: Any) -> float:
    if isinstance(price, bool) or not isinstance(price, int | float) or price < 0:
        raise SettingError(f"[per_hour] {type} is {price!r}; it must be a price")
    return float(price)
