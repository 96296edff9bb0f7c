"""One gigawatt through all five floors: the books balance, and the lecture's figures come out."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import energy, facts, stack

CASES = ("lecture", "sourced")


@pytest.mark.parametrize("case", CASES)
def test_what_users_pay_is_what_somebody_earns(case):
    campus = stack.evaluate(1e9, case)
    assert sum(campus.paid_usd_per_year.values()) == pytest.approx(campus.apps.revenue_usd_per_year)


@given(
    power_w=st.floats(1e6, 1e11),
    price=st.floats(0.0, 100.0),
    rent=st.floats(0.0, 20.0),
    margin=st.floats(-1.0, 1.0),
    sold=st.floats(0.01, 1.0),
)
def test_the_books_balance_whatever_the_assumptions(power_w, price, rent, margin, sold):
    campus = stack.evaluate(
        power_w,
        "sourced",
        output_usd_per_mtok=price,
        rent_usd_per_gpu_hour=rent,
        app_gross_margin=margin,
        share_sold=sold,
    )
    paid = list(campus.paid_usd_per_year.values())
    size = max(map(abs, paid))
    assert sum(paid) == pytest.approx(campus.apps.revenue_usd_per_year, abs=1e-9 * size)


def test_the_lectures_gigawatt_has_half_a_million_accelerators_and_costs_seventy_billion():
    campus = stack.evaluate(1e9, "lecture")  # 43:25
    assert campus.chips.gpus == pytest.approx(0.5e6)
    assert campus.infra.capex_usd == pytest.approx(70e9)


def test_the_campus_built_from_items_costs_what_others_published():
    usd_per_w = stack.evaluate(1e9, "sourced").infra.usd_per_gw_facility / 1e9
    published = stack.published_usd_per_w().usd_per_w
    assert published.min() < usd_per_w < published.max()
    # Epoch AI: 8.5 bn USD a year for a gigawatt of machines, 0.6 of it energy
    per_it = stack.evaluate(1e9 * 1.25, "sourced", pue=1.25)
    assert per_it.infra.tco_usd_per_year == pytest.approx(
        1e9 * facts.value("datacenter-capex/tco-epoch-model"), rel=0.35
    )
    assert per_it.infra.energy_share_of_tco == pytest.approx(0.07, abs=0.02)


def test_accelerators_per_gigawatt_lie_in_the_published_spread():
    # The lecture and Nvidia's racks: 1,400 to 2,700 W at the meter for each accelerator.
    for case in CASES:
        assert 1e9 / 2700 < stack.evaluate(1e9, case).chips.gpus < 1e9 / 1400


def test_a_hundred_gigawatts_are_a_fifth_of_the_average_load_as_the_lecture_says():
    assert stack.evaluate(100e9).energy.grid_share == pytest.approx(0.2, abs=0.02)  # 15:20
    assert energy.grid_share(100e9).of_capacity < 0.1


def test_models_lose_about_what_the_accounts_of_the_largest_laboratory_show():
    # OpenAI's operating loss of 2025 over its 1.9 GW: 11 bn USD per gigawatt.
    accounts = facts.table("value-chain").query("firm == 'OpenAI' and year == 2025")
    loss = float(accounts.operating_income_usd.dropna().iloc[-1])
    per_w = loss / facts.value("compute-revenue/openai-it-power-2025")
    ours = stack.evaluate(1e9, "lecture").models.profit_usd_per_year / 1e9
    assert ours == pytest.approx(per_w, rel=0.3)


def test_every_floor_broadcasts():
    power = np.array([50e6, 1e9])[:, None]
    sold = np.array([0.2, 0.4, 0.6])
    campus = stack.evaluate(power, "sourced", share_sold=sold)
    assert campus.apps.revenue_usd_per_year.shape == (2, 3)
    alone = stack.evaluate(50e6, "sourced", share_sold=0.4)
    for floor in stack.LAYERS:
        for name, value in stack.fields(getattr(alone, floor)).items():
            many = getattr(getattr(campus, floor), name)
            if not isinstance(value, str):
                assert np.broadcast_to(many, (2, 3))[0, 1] == pytest.approx(value), name


def test_a_small_campus_pays_more_per_watt_and_revenue_scales():
    small, large = stack.evaluate(50e6, "sourced"), stack.evaluate(1e9, "sourced")
    assert small.infra.usd_per_gw_facility > 1.2 * large.infra.usd_per_gw_facility
    assert small.apps.revenue_usd_per_year * 20 == pytest.approx(large.apps.revenue_usd_per_year)


def test_prices_between_layers_move_profit_and_make_none():
    base = stack.evaluate(rent_usd_per_gpu_hour=3.0)
    dear = stack.evaluate(rent_usd_per_gpu_hour=5.0)
    assert dear.infra.profit_usd_per_year > base.infra.profit_usd_per_year
    assert dear.total_profit_usd_per_year == pytest.approx(base.total_profit_usd_per_year)


def test_memory_bounds_the_batch():
    long = stack.evaluate(input_tokens=100_000, batch=1024)
    assert 1 <= long.models.batch < 64
    with pytest.raises(ValueError, match="chips_per_replica = 1"):
        stack.evaluate(chips_per_replica=1)


def test_flip_values_turn_the_sign():
    turns = stack.flip_values(case="sourced")
    assert len(turns) >= 3
    for name, turn in turns.flips_at.items():
        campus = stack.evaluate(1e9, "sourced", **{name: turn})
        assert abs(campus.total_profit_usd_per_year) < 1e-6 * campus.apps.revenue_usd_per_year


def test_a_change_is_the_base_of_the_sensitivity():
    assert "chip" not in stack.sensitivity(chip="h200").index
    better = stack.flip_values(utilisation=0.7).flips_at["share_sold"]
    assert better < stack.flip_values().flips_at["share_sold"]


def test_every_assumption_has_a_source_and_most_a_range():
    for case in CASES:
        found = stack.assumptions(case)
        numbers = {k: v for k, v in found.items() if not isinstance(v, str)}
        assert all(number.source for number in numbers.values())
        ranged = [k for k, v in numbers.items() if v.low is not None]
        assert len(ranged) > len(numbers) / 2
        assert all(v.low <= v <= v.high for v in numbers.values() if v.low is not None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"power_w": 0}, "power_w = 0"),
        ({"power_w": float("nan")}, "power_w = nan"),
        ({"case": "lectur"}, "case = 'lectur': must be one of lecture, sourced"),
        ({"utilisation": 1.2}, "utilisation = 1.2"),
        ({"share_sold": 0.0}, "share_sold = 0.0"),
        ({"pue": 0.9}, "pue = 0.9"),
        ({"capex_usd_per_w": -1}, "capex_usd_per_w = -1"),
        ({"output_usd_per_mtok": -1}, "output_usd_per_mtok = -1"),
        ({"price": 3}, "unknown parameter 'price'"),
        ({"chip": "h10"}, "did you mean"),
        ({"model": "gpt-9"}, "gpt-9"),
        ({"app_gross_margin": 2}, "app_gross_margin = 2"),
    ],
)
def test_bad_input_is_named(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        stack.evaluate(**change)


def test_an_unknown_layer_is_named():
    with pytest.raises(ValueError, match="of = 'cloud': must be one of energy"):
        stack.sensitivity(of="cloud")


def test_results_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        stack.evaluate().infra.capex_usd = 1.0
