"""Building capacity up: lead times, limits of growth, what pays, and losses over the years."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import chips
from supercycle.chips import Product, Stage, SupplyNetwork
from supercycle.finance import capital_recovery_factor

NET = chips.network()


def one_stage(**stage):
    return SupplyNetwork(
        {"fab": Stage(capacity=10.0, **stage)}, {"fab": Product(power_w=1.0, price_usd=1.0)}
    )


def test_an_order_works_after_its_lead_time_by_hand():
    net = one_stage(growth_per_year=0.2, lead_time_years=2)
    path = chips.expand(net, 5, step_years=1, on_order={"fab": 0.0})
    # Nothing on order: flat until the first order of today arrives, then a fifth a year.
    assert path.capacity["fab"].tolist() == pytest.approx([10, 10, 12, 14.4, 17.28])
    assert path.made["fab"].tolist() == pytest.approx(path.capacity["fab"].tolist())


def test_what_is_on_order_arrives_although_nobody_would_order_it_now():
    net = one_stage(growth_per_year=0.2, lead_time_years=2, capex_usd=100)
    path = chips.expand(net, 4, step_years=1, on_order={"fab": 0.5})
    assert path.capacity["fab"].tolist() == pytest.approx([10, 15, 15, 15])


def test_capacity_that_does_not_pay_is_not_built_and_the_value_is_an_annuity():
    net = one_stage(growth_per_year=1.0, capex_usd=8.0)
    path = chips.expand(net, 5, step_years=1, rate=0.1, life_years=7)
    # 8 USD over seven years at 10 % cost 1.64 a year, the product sells for 1.
    assert path.capacity["fab"].tolist() == pytest.approx([10] * 5)
    assert path.npv_usd == pytest.approx(10 * sum(1.1**-t for t in range(5)))


def test_the_break_even_price_of_capacity_is_its_annuity():
    cost = 1 / capital_recovery_factor(0.1, 7)  # at which a unit a year just pays
    for factor, grows in ((0.99, True), (1.01, False)):
        net = one_stage(growth_per_year=1.0, capex_usd=factor * cost)
        last = chips.expand(net, 3, step_years=1).capacity["fab"].iloc[-1]
        assert (last > 10.1) == grows


def test_free_capacity_grows_until_the_slowest_stage_binds():
    # Independent: without capital cost, output is the least over stages of Kᵢ(1 + gᵢ)ᵗ / Rᵢ.
    free = SupplyNetwork(
        {n: dataclasses.replace(s, capex_usd=0.0) for n, s in NET.stages.items()}, NET.products
    )
    path = chips.expand(free, 8, step_years=0.5)
    times = np.arange(16) * 0.5
    limits = [
        s.capacity * (1 + s.growth_per_year) ** times / need
        for s, need in zip(free.stages.values(), free.requirements[:, 0], strict=True)
        if np.isfinite(s.capacity)
    ]
    power = np.min(limits, axis=0) * next(iter(free.products.values())).power_w
    assert path.power_w.to_numpy() == pytest.approx(power)


def test_without_growth_every_year_is_the_plan_of_the_first():
    still = SupplyNetwork(
        {n: dataclasses.replace(s, growth_per_year=0.0) for n, s in NET.stages.items()},
        NET.products,
    )
    path = chips.expand(still, 2, step_years=0.5)
    assert path.power_w.tolist() == pytest.approx([chips.plan(NET).power_w] * 4)


@given(
    st.lists(st.tuples(st.floats(1, 10), st.floats(0, 1), st.floats(0, 3)), min_size=1, max_size=3)
)
@settings(max_examples=20, deadline=None)
def test_shares_of_rent_sum_to_one_capacity_never_shrinks_and_delay_never_helps(stages):
    def build(delay):
        parts = {
            f"s{k}": Stage(capacity=c, growth_per_year=g, lead_time_years=lead + delay, capex_usd=1)
            for k, (c, g, lead) in enumerate(stages)
        }
        out = Stage(inputs=dict.fromkeys(parts, 1.0))
        net = SupplyNetwork({**parts, "out": out}, {"out": Product(price_usd=2.0)})
        return chips.expand(net, 4, step_years=1, on_order=dict.fromkeys(parts, 0.0))

    soon, late = build(0), build(1)
    assert soon.rent_share.sum(axis=1).to_numpy() == pytest.approx(np.ones(4))
    assert (soon.capacity.diff().dropna() >= -1e-9).all().all()
    assert late.npv_usd <= soon.npv_usd * (1 + 1e-9)


def test_losing_the_toolmaker_costs_growth_and_losing_the_foundry_costs_output_at_once():
    base = chips.plan(NET).power_w / 1e9
    tools, foundry = (chips.gw_lost_without(NET, f, 7, step_years=0.5) for f in ("asml", "tsmc"))
    assert tools[:5] == pytest.approx(np.zeros(5), abs=1e-6)
    assert tools[6] > 0.25 * base
    assert foundry[0] > 0.8 * base


def test_the_binding_stage_moves_with_the_years_once_power_is_plenty():
    powered = NET.scaled({"site-power": 10.0})
    rent = chips.expand(powered, 8, step_years=0.5).rent_share
    assert rent.iloc[0].idxmax() == "hbm"
    assert rent.iloc[-1].idxmax() != "hbm"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chips.expand(NET, 1.1, step_years=0.5), "must be a whole number of steps"),
        (lambda: chips.expand(NET, 0), "years = 0"),
        (lambda: chips.expand(NET, 1, on_order={"hbn": 0.1}), "on_order names 'hbn'"),
        (lambda: chips.expand(NET, 1, on_order={"hbm": -0.1}), "on_order['hbm'] = -0.1"),
        (lambda: chips.expand(NET, 1, life_years=0), "years = 0"),
        (
            lambda: chips.expand(SupplyNetwork({"a": Stage()}, {"a": Product()}), 1),
            "nothing limits 'a'",
        ),
        (lambda: chips.gw_lost_without(NET, "acme", 3), "name = 'acme'"),
        (lambda: chips.gw_lost_without(NET, "asml", 0), "years = 0: must be a whole number"),
    ],
)
def test_impossible_horizons_are_refused(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
