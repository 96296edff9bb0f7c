"""Margins and pools: the model against reported profits, and the mobile era."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import apps, facts

ORDERS = ("upstream-first", "downstream-first", "simultaneous")
COMPILED = Path(__file__).resolve().parents[3] / "shared" / "facts"
pools = st.lists(st.floats(1.0, 1000.0), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(pools, st.floats(0.3, 6), st.sampled_from(ORDERS), st.floats(0, 100))
def test_a_calibrated_chain_earns_the_pools_it_was_given(given_pools, elasticity, order, cost):
    names = [f"l{i}" for i in range(len(given_pools))]
    fit = apps.calibrate(
        dict(zip(names, given_pools, strict=True)),
        cost_usd_per_year=dict.fromkeys(names, cost), demand_elasticity=elasticity, order=order,
    )  # fmt: skip
    result = apps.solve(fit.chain, order=order, rent_to=fit.rent_to or "scarce")
    assert result.operating_profit_usd_per_year == pytest.approx(given_pools, rel=1e-9)
    assert result.price_usd == pytest.approx(sum(given_pools) + cost * len(names))
    # demand at that price has the elasticity asked for: P / (slope · Q)
    assert result.price_usd / fit.chain.slope_usd == pytest.approx(elasticity)


def test_calibration_recovers_the_firms_of_a_known_chain():
    chain = apps.Chain(tuple(apps.Layer(n, 4.0, f) for n, f in zip("abc", (2, 5, 3), strict=True)), 100.0, 1.0)  # fmt: skip
    known = apps.solve(chain)
    fit = apps.calibrate(
        dict(zip("abc", known.operating_profit_usd_per_year.tolist(), strict=True)),
        cost_usd_per_year=dict.fromkeys("abc", 4.0 * known.quantity),
        demand_elasticity=known.price_usd / known.quantity,
    )
    assert list(fit.firms.values()) == pytest.approx([2, 5, 3])
    assert not any(fit.rent_usd_per_year.values())


def test_losses_enter_as_capital_not_as_negative_margins():
    fit = apps.calibrate(
        {"chips": 300.0, "models": 6.0}, cost_usd_per_year={"chips": 100.0, "models": 5.0},
        capital_usd_per_year={"models": 27.0}, demand_elasticity=1.5,
    )  # fmt: skip
    result = apps.solve(fit.chain, rent_to=fit.rent_to or "scarce")
    assert result.operating_profit_usd_per_year[1] == pytest.approx(6)
    assert result.profit_usd_per_year[1] == pytest.approx(-21)


def test_the_higher_margin_need_not_be_the_larger_pool():
    # Micron, quarter to May 2026: 84.6 %; NVIDIA, quarter to April 2026: 74.9 %
    memory, accelerators = (facts.row("value-chain", f"{q}") for q in ("micron-fy2026q3", "nvidia-fy2027q1"))  # fmt: skip
    assert memory["gross_margin_share"] > accelerators["gross_margin_share"]
    pool = [r["gross_margin_share"] * r["revenue_usd"] for r in (memory, accelerators)]
    assert pool[0] < pool[1]


def test_memory_makers_lost_money_in_the_glut_of_2023():
    # operating margins −24 % and −37 %
    margins = [
        facts.value(f"value-chain/{row}/operating_margin_share")
        for row in ("sk-hynix-2023", "micron-fy2023")
    ]
    assert margins == pytest.approx([-0.236, -0.371])


def test_reported_operating_margins_agree_with_income_and_revenue():
    rows = facts.table("value-chain").dropna(
        subset=["operating_income_usd", "operating_margin_share", "revenue_usd"]
    )
    gap = rows["operating_income_usd"] / rows["revenue_usd"] - rows["operating_margin_share"]
    large = rows["revenue_usd"] > 1e9
    assert len(rows) > 150
    assert gap[large].abs().max() < 0.005


def test_in_the_ai_era_so_far_the_bottom_took_the_profit_and_models_lost():
    layers = apps.layer_pools("ai", 2025)["operating_income_usd"]
    assert layers.idxmax() == "chips"
    assert layers["models"] < 0
    change = apps.pool_change("ai", 2022, 2025)["share_of_change"]
    assert change.idxmax() == "chips"
    assert change.sum() == pytest.approx(1)


def test_in_the_mobile_era_devices_and_platforms_gained_most():
    change = apps.pool_change("mobile", 2007, 2018)
    ranked = change["change_usd"].sort_values(ascending=False).index.tolist()
    assert ranked[:2] == ["device", "platform"]
    assert change.loc["network", "change_usd"] > 0  # networks earned more too, not less


def test_history_adds_nothing_outside_a_firms_own_years():
    history = apps.pool_history("mobile")
    assert np.isnan(history.loc[2008, "apps"])
    facebook = [facts.value(f"value-chain/mobile-facebook-{y}/operating_income_usd") for y in (2009, 2012)]  # fmt: skip
    assert history.loc[2009, "apps"] == pytest.approx(facebook[0])
    # a third of the way from 2009 to 2012
    assert history.loc[2010, "apps"] == pytest.approx(facebook[0] + (facebook[1] - facebook[0]) / 3)


@pytest.mark.parametrize("table", ["value-chain", "prices", "compute-revenue", "apps"])
def test_every_row_states_its_source_and_recalled_numbers_say_so(table):
    rows = facts.table(table)
    assert rows["source"].str.len().min() >= 5
    admitted = rows["note"].str.contains("recalled, not looked up")
    assert not (admitted & (rows["basis"] == "published")).any()


def test_no_compiled_fact_about_prices_was_lost():
    if not (COMPILED / "prices.csv").exists():
        pytest.skip("no ../shared beside this checkout")
    with (COMPILED / "prices.csv").open(encoding="utf-8") as lines:
        listed = [r for r in csv.DictReader(lines) if r["usd_per_m_output"]]
    ours = facts.table("prices")["output_usd_per_mtok"].dropna()
    assert sorted(ours) == pytest.approx(sorted(float(r["usd_per_m_output"]) for r in listed))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: apps.calibrate({"a": -1.0}, cost_usd_per_year={"a": 1.0}, demand_elasticity=1), "never negative"),
        (lambda: apps.calibrate({"a": 1.0}, cost_usd_per_year={}, demand_elasticity=1), "cost_usd_per_year"),
        (lambda: apps.calibrate({"a": 1.0}, cost_usd_per_year={"a": 1.0}, demand_elasticity=0), "demand_elasticity"),
        (lambda: apps.layer_pools("stone", 2025), "era"),
        (lambda: apps.layer_pools("ai", 1999), "year"),
        (lambda: apps.pool_change("ai", 2025, 2022), "first_year"),
        (lambda: apps.pool_change("ai", 2001, 2022), "first_year"),
    ],
)  # fmt: skip
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
