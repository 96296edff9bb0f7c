"""Power at the meter, shares of a grid, the price of earlier power, throttling and LCOE."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import energy, facts


def test_hundred_gigawatts_is_a_fifth_of_average_load_but_a_tenth_of_capacity():
    # Lecture, 15:20: "a fifth"; 4,536 TWh (Ember) / 8760 h = 517.8 GW; EIA: 1,147.9 GW.
    part = energy.grid_share(100e9)
    assert part.average_load_w == pytest.approx(517.8e9, rel=1e-3)
    assert part.of_average == pytest.approx(100 / 517.8, rel=1e-3)
    assert part.of_capacity == pytest.approx(100 / 1147.9, rel=1e-3)


def test_a_gpu_each_is_fourteen_to_twenty_seven_us_grids():
    # Lecture, 14:01: 1–2 kW times 7 billion people.
    grids = energy.grid_share(energy.power_for_everybody_w(np.array([1000.0, 2000.0]))).of_average
    assert grids == pytest.approx([13.5, 27.0], abs=0.1)


def test_gpus_and_power_are_inverse():
    gpus = energy.gpus_count(1e9, 1.25, 1600.0)
    assert energy.facility_power_w(gpus * 1600.0, 1.25) == pytest.approx(1e9)


def test_a_month_of_a_gigawatts_sales_exceeds_a_year_of_its_electricity():
    # Sales: exit-rate revenue per watt of IT, as the laboratory published it. Electricity: the same
    # gigawatt of IT at the industrial price, PUE included. Both are rows of the tables.
    it_w = 1e9
    month_usd = (
        float(facts.value("compute-revenue/openai-exit-rate-revenue-per-power-2025")) * it_w / 12
    )
    meter_w = energy.facility_power_w(it_w, 1.1)
    price = float(facts.value("energy/us-industrial-price-2025"))
    year_usd = energy.energy_mwh_per_year(meter_w) * price
    assert 0.8e9 < month_usd < 0.9e9  # 10.5 bn a year and gigawatt
    assert month_usd > year_usd
    # So one month earlier pays for any premium up to the price itself, for a year.
    premium = energy.power_premium_for_delay_usd_per_mwh(
        month_usd, 1, power_w=meter_w, contract_years=1
    )
    assert premium > price


def test_a_bad_pue_turns_the_month_against_the_year():
    # The claim has a limit: it holds while PUE × price stays below sales/(12 · 8760 h).
    month_usd = (
        float(facts.value("compute-revenue/openai-exit-rate-revenue-per-power-2025")) * 1e9 / 12
    )
    price = float(facts.value("energy/us-industrial-price-2025"))
    flip = month_usd / (8.76e6 * price)
    assert 1.1 < flip < 1.3


@given(st.floats(0.001, 0.2), st.floats(1, 30), st.floats(1e6, 1e10))
def test_the_discounted_premium_repays_the_delay_month_by_month(rate, years, value):
    premium = energy.power_premium_for_delay_usd_per_mwh(
        value, 6, power_w=1e9, contract_years=years, rate=rate
    )
    moments = (np.arange(20_000) + 0.5) / 20_000 * years  # a midpoint sum of the payments
    paid = np.mean(premium * 8.76e6 * (1 + rate) ** -moments) * years
    assert paid == pytest.approx(6 * value, rel=1e-4)


def test_months_that_pay_inverts_the_premium():
    case = {"power_w": 1e9, "contract_years": 7, "rate": 0.08, "load_factor": 0.9}
    premium = energy.power_premium_for_delay_usd_per_mwh(5e8, 9, **case)
    assert energy.months_that_pay(premium, 5e8, **case) == pytest.approx(9)


def test_lcoe_is_the_price_at_which_a_plant_has_no_present_value():
    from supercycle.finance import npv_usd

    price = energy.lcoe_usd_per_mwh(
        1.5, rate=0.08, life_years=25, capacity_factor=0.3, fixed_usd_per_w_year=0.02,
        variable_usd_per_mwh=5,
    )  # fmt: skip
    margin = (price - 5) * 8760 * 0.3 / 1e6 - 0.02  # USD a year and watt
    assert npv_usd(0.08, [-1.5] + [margin] * 25) == pytest.approx(0, abs=1e-9)


def test_lcoe_agrees_with_another_librarys_annuity():
    from pypsa.costs import annuity

    for rate, life in ((0.0, 20), (0.05, 25), (0.12, 60)):
        yearly = 2.3 * annuity(rate, life) + 0.03
        ours = energy.lcoe_usd_per_mwh(
            2.3, rate=rate, life_years=life, capacity_factor=0.4, fixed_usd_per_w_year=0.03
        )
        assert ours == pytest.approx(yearly * 1e6 / (8760 * 0.4))


@given(st.floats(0, 0.2), st.floats(0, 15))
def test_interest_while_building_is_the_mean_of_the_compounded_payments(rate, years):
    moments = (np.arange(2000) + 0.5) / 2000 * years
    assert energy.interest_while_building(rate, years) == pytest.approx(
        np.mean((1 + rate) ** moments), rel=1e-5
    )


def test_unpriced_capital_gives_the_simple_levelised_cost():
    simple = 1000e-3 * 1e6 / (20 * 8760 * 0.5)  # 1 USD/W over 20 years at half load
    assert energy.lcoe_usd_per_mwh(
        1.0, rate=0.0, life_years=20, capacity_factor=0.5
    ) == pytest.approx(simple)


@pytest.mark.parametrize(
    ("source", "row"),
    [("gas", "gas-combined-cycle"), ("solar", "utility-solar-pv"), ("wind", "onshore-wind"),
     ("nuclear", "nuclear")],
)  # fmt: skip
def test_levelised_costs_lie_in_the_published_range(source, row):
    # Lazard's LCOE+ of June 2025, unsubsidised (recalled): an order of magnitude, not a fit.
    tech = energy.technologies()[source]
    factor = {"gas": 0.9, "solar": 0.244, "wind": 0.353, "nuclear": 0.928}[source]
    price = energy.lcoe_usd_per_mwh(
        tech.capex_usd_per_w, rate=0.08, life_years=tech.life_years, capacity_factor=factor,
        fixed_usd_per_w_year=tech.fixed_usd_per_w_year,
        variable_usd_per_mwh=tech.variable_usd_per_mwh,
    )  # fmt: skip
    published = facts.value(f"energy/lcoe-{row}-2025-lazard")
    assert published.low <= price <= published.high


def test_one_slow_chip_in_many_makes_most_steps_slow():
    rng = np.random.default_rng(0)
    p, chips = 1e-4, 16_384
    hit = (rng.binomial(chips, p, size=200_000) > 0).mean()
    assert energy.sync_steps_hit_share(p, chips) == pytest.approx(hit, abs=0.004)
    steps = np.where(rng.binomial(chips, p, size=200_000) > 0, 1 / 0.7, 1.0)
    assert energy.sync_throughput_share(p, chips, slow_speed=0.7) == pytest.approx(
        1 / steps.mean(), rel=0.003
    )


def test_throttling_limits():
    assert energy.sync_throughput_share(0.0, 5e5, slow_speed=0.5) == 1.0
    assert energy.sync_throughput_share(1.0, 5e5, slow_speed=0.5) == pytest.approx(0.5)
    assert energy.sync_steps_hit_share(1e-12, 1) == pytest.approx(1e-12)
    assert energy.speed_under_cap_share(700, cap_w=900) == 1.0


@given(st.floats(0.05, 0.99), st.floats(1, 3), st.floats(0, 300))
def test_power_at_the_throttled_clock_is_the_cap(level, exponent, static_w):
    cap = static_w + level * (700 - static_w)
    speed = energy.speed_under_cap_share(700, cap_w=cap, static_w=static_w, exponent=exponent)
    assert static_w + (700 - static_w) * speed**exponent == pytest.approx(cap)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: energy.facility_power_w(1e6, 0.9), "pue"),
        (lambda: energy.gpus_count(1e6, 1.2, 0), "w_per_gpu"),
        (lambda: energy.energy_mwh_per_year(1e6, 1.2), "load_factor"),
        (lambda: energy.grid_share(float("nan")), "power_w"),
        (lambda: energy.grid_share(1e9, capacity_w=0), "capacity_w"),
        (lambda: energy.lcoe_usd_per_mwh(1, rate=0.1, life_years=20, capacity_factor=0),
         "capacity_factor"),
        (lambda: energy.lcoe_usd_per_mwh(-1, rate=0.1, life_years=20, capacity_factor=0.5),
         "capex_usd_per_w"),
        (lambda: energy.lcoe_usd_per_mwh(1, rate=np.nan, life_years=20, capacity_factor=0.5),
         "rate"),
        (lambda: energy.interest_while_building(0.1, -1), "building_years"),
        (lambda: energy.speed_under_cap_share(700, cap_w=50, static_w=100), "cap_w"),
        (lambda: energy.cooling_cap_w(95, limit_c=90, thermal_resistance_k_per_w=0.1),
         "coolant_c"),
        (lambda: energy.sync_steps_hit_share(1.5, 10), "throttle_probability"),
        (lambda: energy.months_that_pay(10, 0, power_w=1, contract_years=1),
         "delay_usd_per_month"),
        (lambda: energy.power_premium_for_delay_usd_per_mwh(1, 1, power_w=1, contract_years=0),
         "contract_years"),
    ],
)  # fmt: skip
def test_impossible_input_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()
