"""Every student of lab08 has five layers of their own, and the same argument holds in all of them."""

import math

import numpy as np
import pytest

from supercycle import apps, facts, scenario
from supercycle.scenario.lab08 import LAYERS

DEFAULT = scenario.draw("lab08", "default")
CASES = [scenario.draw("lab08", f"seed-{i}") for i in range(500)]
SIMULATED = [DEFAULT, *CASES[:19]]


def test_cases_differ_and_a_code_draws_its_case_again():
    assert scenario.draw("lab08", "seed-3") == CASES[3]
    assert len(set(CASES)) > 490


def test_layers_earn_before_the_jump_what_the_firms_of_the_table_did():
    rows = facts.table("value-chain")
    year = rows[
        (rows["era"] == "ai") & (rows["period_kind"] == "year") & (rows["segment"] == "total")
    ]
    layers = year[year["year"] == 2022].groupby("layer")["operating_income_usd"].sum()
    assert DEFAULT.pool_usd_per_year == pytest.approx(layers.clip(lower=0).sum(), rel=0.02)
    for case in [DEFAULT, *CASES]:
        result = apps.solve(case.chain())
        assert result.operating_profit_usd_per_year.sum() == pytest.approx(case.pool_usd_per_year)
        assert result.price_usd < case.intercept_usd
        assert min(case.firms) >= 2
        assert sum(case.costs_usd) < 0.5 * case.intercept_usd


def test_in_every_case_the_scarce_layer_takes_most_and_the_others_lose_by_the_jump():
    for case in [DEFAULT, *CASES]:
        before = apps.solve(case.chain()).operating_profit_usd_per_year
        after = case.squeezed()
        chips = LAYERS.index("chips")
        assert after.pool_share[chips] > 0.6
        others = np.arange(len(LAYERS)) != chips
        assert (after.operating_profit_usd_per_year[others] < before[others]).all()
        assert after.binding[chips]


def test_the_order_of_moves_alone_takes_share_from_the_bottom_to_the_top():
    for case in [DEFAULT, *CASES]:
        up, down = (
            apps.solve(case.chain(), order=o).pool_share
            for o in ("upstream-first", "downstream-first")
        )
        assert up[0] > 1.5 * down[0]
        assert up[-1] < down[-1] / 1.5


def test_the_wrapper_is_worth_its_price_at_a_life_of_one_to_four_years():
    rate = facts.value("serving/discount-rate")
    for case in [DEFAULT, *CASES]:
        hazard = apps.implied_hazard_per_year(
            case.wrapper_price_usd,
            case.wrapper_margin_usd_per_year,
            discount_rate=rate,
            growth_rate=case.wrapper_growth,
        )
        assert 1 < 1 / hazard < 4
        assert 0.25 + rate > case.wrapper_growth  # the longest life that the lab draws


def test_in_every_case_chips_are_the_layer_to_hold_for_one_year_and_for_five():
    for case in SIMULATED:
        for order in ("upstream-first", "downstream-first"):
            for horizon in (1.0, 5.0):
                held = {n: case.held_usd(n, horizon, order=order) for n in LAYERS}
                assert max(held, key=held.get) == "chips"
                assert held["chips"] > 1e10


def test_the_layer_to_be_short_of_hangs_on_who_commits_first():
    for case in SIMULATED:
        for horizon in (1.0, 5.0):
            held = {n: case.held_usd(n, horizon) for n in LAYERS}
            assert min(held, key=held.get) == "energy"
            assert held["energy"] < -1e9
        held = {n: case.held_usd(n, 1.0, order="downstream-first") for n in LAYERS}
        assert min(held, key=held.get) in ("infra", "models")


def test_if_energy_is_what_binds_it_is_the_layer_to_hold_for_five_years():
    for case in SIMULATED[:10]:
        held = {n: case.held_usd(n, 5.0, scarce="energy") for n in LAYERS}
        assert max(held, key=held.get) == "energy"


def test_delays_alone_leave_no_layer_more_than_its_plants_cost():
    for case in SIMULATED[:4]:
        path = case.path(12.0, scarce=None)
        end = np.abs(path.profit_usd_per_year[:, -1])
        assert end.max() < 0.01 * path.operating_profit_usd_per_year[:, -1].sum()
        barred = case.path(12.0, scarce=None, barrier_models=3.0, barrier_apps=3.0)
        assert LAYERS[int(barred.profit_usd_per_year[:, -1].argmax())] == "models"
        assert barred.consumer_surplus_usd_per_year[-1] < path.consumer_surplus_usd_per_year[-1]


def test_in_every_case_a_barrier_or_blind_entrants_turn_the_five_year_choice():
    for case in SIMULATED[:8]:

        def lead(case=case, **given):
            return case.held_usd("chips", 5.0, **given) - case.held_usd("models", 5.0, **given)

        assert lead(barrier_models=1.0) > 0 > lead(barrier_models=12.0)
        assert lead(foresight=0.5) > 0 > lead(foresight=0.0)


def test_holding_is_worth_the_discounted_profit_of_each_half_year():
    # By hand: ten payments of half a year, from the step in which today falls.
    path = DEFAULT.path(DEFAULT.age_years + 5.0)
    first = round(DEFAULT.age_years / 0.5)
    rate = facts.value("serving/discount-rate")
    chips = path.profit_usd_per_year[1, first : first + 10]
    by_hand = sum(0.5 * usd * math.exp(-rate * 0.5 * i) for i, usd in enumerate(chips))
    assert DEFAULT.held_usd("chips", 5.0) == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: DEFAULT.path(3.0, hope=1.0), "changes name 'hope': must be one of"),
        (lambda: DEFAULT.held_usd("moon", 1.0), "layer = 'moon': must be one of"),
        (lambda: DEFAULT.held_usd("chips", 6.0), "horizon_years = 6.0: must be"),
        (lambda: DEFAULT.held_usd("chips", 0.0), "horizon_years = 0.0: must be"),
    ],
)
def test_what_is_unknown_is_named(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
