"""Upper bounds of costs, with prices that are easy to reckon with."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker.costs import Prices, cost_of, read_prices
from tests.sagemaker.job_specs import CLASSIFIER, VECTORS, make_spec

PRICES = Prices(
    region="us-east-1", date="today", currency="USD", storage_gb_month=0.0,
    per_hour={"ml.c5.2xlarge": 0.5, "ml.c5.4xlarge": 1.0, "ml.m5.xlarge": 0.25},
)  # fmt: skip


def test_a_training_costs_at_most_all_its_hours(tmp_path: Path) -> None:
    instance = "[instance]\ncount = 3\nmax_seconds = 7200\n[spot]\nmax_wait_seconds = 7200\n"
    cost = cost_of("train", make_spec(tmp_path, VECTORS + instance), PRICES)
    assert (cost.at_most, cost.per_hour, cost.currency) == (3.0, 1.5, "USD")
    assert "3 × ml.c5.2xlarge × 2 h × 0.5 USD" in cost.how
    assert "spot prices are not assumed" in cost.how


def test_disks_are_counted(tmp_path: Path) -> None:
    disks = Prices(
        region="r", date="d", currency="USD", storage_gb_month=7.3, per_hour={"ml.c5.2xlarge": 0.5}
    )
    # 30 GB for one hour of the month's 730: 30 × 7.3 / 730 = 0.3
    assert cost_of("train", make_spec(tmp_path), disks).at_most == pytest.approx(0.8)


def test_a_tuning_costs_all_its_jobs(tmp_path: Path) -> None:
    cost = cost_of("tune", make_spec(tmp_path, CLASSIFIER), PRICES)
    assert cost.at_most == 20 * 0.5 * 1.0
    assert cost.per_hour == 3 * 1.0
    assert cost.how.startswith("20 jobs × 1 × ml.c5.4xlarge × 0.5 h")


def test_an_endpoint_has_no_bound_but_a_price_per_hour(tmp_path: Path) -> None:
    cost = cost_of("deploy", make_spec(tmp_path, CLASSIFIER), PRICES)
    assert (cost.at_most, cost.per_hour) == (None, 0.5)
    assert "until it is deleted; 365.00 USD a month" in cost.how
    assert cost_of("delete", make_spec(tmp_path, CLASSIFIER), PRICES).at_most == 0


def test_unknown_instances_are_not_guessed(tmp_path: Path) -> None:
    for action in ("train", "transform"):
        spec = make_spec(tmp_path, CLASSIFIER, ("ml.c5.4xlarge", "ml.c7i.large"))
        cost = cost_of(action, spec, PRICES)
        assert (cost.at_most, cost.per_hour) == (None, None)
        assert cost.how.startswith("unknown: the table of prices (us-east-1, today) has no ml.")


def test_the_table_can_be_edited(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    head = 'region = "eu-west-1"\ndate = "2030"\ncurrency = "EUR"\nstorage_gb_month = 0\n'
    path.write_text(head + '[per_hour]\n"ml.c5.2xlarge" = 2\n')
    cost = cost_of("train", make_spec(tmp_path), read_prices(path))
    assert (cost.at_most, cost.currency) == (2.0, "EUR")
    assert "prices of eu-west-1, 2030" in cost.how
    path.write_text(head + '[per_hour]\n"ml.c5.2xlarge" = "much"\n')
    with pytest.raises(SettingError, match=r"prices.toml: \[per_hour\] ml.c5.2xlarge is 'much'"):
        read_prices(path)
    path.write_text('region = "eu-west-1"\n')
    with pytest.raises(SettingError, match=r"prices.toml: date is required"):
        read_prices(path)


def test_the_packages_own_table_has_prices_of_a_region_and_date() -> None:
    prices = read_prices()
    assert prices.region == "us-east-1" and prices.date
    assert 0 < prices.per_hour["ml.m5.large"] < prices.per_hour["ml.c5.18xlarge"]
