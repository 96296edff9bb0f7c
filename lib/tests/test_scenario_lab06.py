"""Every student's site swings, waits and burns in the same regimes, and its choice can turn."""

import math

import pytest

from supercycle import decision, energy, facts, scenario
from supercycle.scenario.lab06 import OPTIONS
from supercycle.units import HOURS_PER_YEAR, MEGAWATT, MINUTE_S

CASES = [scenario.draw("lab06", "default"), *(scenario.draw("lab06", f"seed-{i}") for i in range(500))]  # fmt: skip


def inputs_of(case):
    quoted = {
        "gas_wait_years": "lead-time-gas-turbine",
        "gas_capex_usd_per_w": "capex-behind-the-meter-gas-2026",
        "gas_reserve": "off-grid-reserve",
        "dear_carbon_usd_per_t": "social-cost-of-carbon-2023",
        "dear_carbon_probability": "dear-carbon-probability",
        "nuclear_capex_usd_per_w": "capex-nuclear-2025-lazard",
        "nuclear_wait_years": "lead-time-nuclear",
        "nuclear_building_years": "nuclear-building-time",
        "nuclear_licence_share": "nuclear-licence-share",
        "rate": "discount-rate-energy",
        "horizon_years": "site-horizon-years",
    }
    own = ("grid_usd_per_mwh", "grid_wait_years", "gas_usd_per_mwh_heat")
    return {
        **{name: float(facts.value(f"energy/{row}")) for name, row in quoted.items()},
        **{name: getattr(case, name) for name in own},
        "month_usd": case.revenue_usd_per_year / 12,
    }


def lead(case, option, rival):
    return lambda **given: case.npv_usd(option, **given) - case.npv_usd(rival, **given)


def test_students_have_different_sites():
    assert len({(c.power_w, c.pue, c.step_s, c.idle_share, c.grid_wait_years) for c in CASES}) > 450


def test_every_site_swings_by_hundreds_of_megawatts_in_the_slow_regime():
    for case in CASES:
        assert 150e6 < case.swing_w < 700e6
        # The grid cannot follow a step: both drawings of the lab's battery are far apart.
        assert case.ramp_limit_w_per_s < 0.01 * 2 * case.swing_w / case.step_s
        assert 5 < case.ramp_limit_w_per_s * MINUTE_S / MEGAWATT < 16


def test_the_job_fills_the_site_and_only_machines_follow_the_step():
    for case in CASES:
        job = case.job()
        assert job.gpus * job.compute_w == pytest.approx(case.power_w)
        it_w = case.power_w / case.pue
        assert case.swing_w == pytest.approx(it_w * (1 - case.idle_share))
        assert case.mean_w == pytest.approx(
            job.gpus * (job.compute_w + job.communicate_w) / 2, rel=1e-12
        )


def test_a_stop_asks_for_a_thousand_times_the_energy_of_the_cycle():
    for case in CASES:
        cycle = energy.battery_periodic(case.swing_w, case.step_s, case.ramp_limit_w_per_s)
        stop = energy.battery_step(case.swing_w, case.ramp_limit_w_per_s)
        assert stop.energy_j > 300 * cycle.energy_j
        assert stop.power_w == pytest.approx(2 * cycle.power_w)


def test_a_month_of_sales_pays_for_a_year_of_electricity():
    for case in CASES:
        assert case.revenue_usd_per_year / 12 > case.bill_usd_per_year
        assert case.revenue_usd_per_year / 50 < case.bill_usd_per_year


def test_a_month_is_worth_its_sales_where_capital_is_sunk_and_little_where_it_can_wait():
    for case in CASES:
        spent, said = (float(facts.value(f"datacenter-capex/cost-{k}")) for k in ("epoch-facility-power", "lecture"))  # fmt: skip
        sunk = case.month_usd("sunk", capex_usd_per_w=spent)
        assert sunk == pytest.approx((case.revenue_usd_per_year - case.bill_usd_per_year) / 12, rel=0.02)  # fmt: skip
        assert abs(case.month_usd("deferred", capex_usd_per_w=spent)) < 0.2 * sunk
        assert case.month_usd("deferred", capex_usd_per_w=said) < 0


def test_steps_are_hit_now_and_then_in_every_case():
    for case in CASES:
        hit = energy.sync_steps_hit_share(case.throttle_probability, case.job().gpus)
        assert 0.1 < hit < 0.95


def test_gas_now_wins_in_every_case_and_the_numbers_that_turn_it_exist():
    for case in CASES:
        inputs = inputs_of(case)
        value = {option: case.npv_usd(option, **inputs) for option in OPTIONS}
        assert max(value, key=value.get) == "gas now"
        over_grid = lead(case, "gas now", "grid queue")
        month = decision.flip_value(over_grid, inputs, "month_usd", -1e9, 2e9)
        assert 0 < month < 0.3 * inputs["month_usd"]
        wait = decision.flip_value(over_grid, inputs, "gas_wait_years", 0.1, 15)
        assert 2 < wait < 8
        over_reactor = lead(case, "gas now", "nuclear option")
        carbon = decision.flip_value(over_reactor, inputs, "dear_carbon_usd_per_t", 0, 2000)
        assert 250 < carbon < 500
        price = decision.flip_value(over_reactor, inputs, "nuclear_capex_usd_per_w", 1, 20)
        assert 4 < price < inputs["nuclear_capex_usd_per_w"]


def test_without_discounting_the_queue_earns_margin_times_years():
    # Closed form at rate 0: (12 m − energy · price) · (horizon − wait), carbon free.
    case = CASES[0]
    free = inputs_of(case) | {"rate": 0.0, "dear_carbon_probability": 0.0}
    margin = 12 * free["month_usd"] - case.mean_w * HOURS_PER_YEAR / 1e6 * case.grid_usd_per_mwh
    assert case.npv_usd("grid queue", **free) == pytest.approx(
        margin * (free["horizon_years"] - case.grid_wait_years)
    )


def test_a_turbine_priced_at_its_levelised_cost_breaks_even():
    # A month that earns exactly the LCOE of the turbines over the horizon leaves nothing. The
    # library's annuity pays at year ends, this flow all year: they meet as the rate goes to zero.
    case = CASES[0]
    given = inputs_of(case) | {"rate": 1e-9, "dear_carbon_probability": 0.0, "gas_wait_years": 0.0}
    turbine = case.sources()["gas-turbine"]
    usd_per_mwh = energy.lcoe_usd_per_mwh(
        turbine.capex_usd_per_w,
        rate=0.0,
        life_years=given["horizon_years"],
        capacity_factor=case.load_factor,
        fixed_usd_per_w_year=turbine.fixed_usd_per_w_year,
        variable_usd_per_mwh=turbine.variable_usd_per_mwh,
    )
    given["month_usd"] = usd_per_mwh * case.energy_mwh_per_year / 12
    assert abs(case.npv_usd("gas now", **given)) < 1e-6 * case.bill_usd_per_year


def test_an_option_never_costs_more_than_its_licence():
    case = CASES[0]
    for carbon in (0.0, 190.0, 500.0, 1000.0):
        given = inputs_of(case) | {"dear_carbon_usd_per_t": carbon}
        loss = case.npv_usd("gas now", **given) - case.npv_usd("nuclear option", **given)
        licence = given["nuclear_licence_share"] * given["nuclear_capex_usd_per_w"] * case.mean_w
        assert loss <= licence * (1 + 1e-9)
    assert loss < 0  # dear enough, and the option pays


def test_an_unknown_option_is_named():
    with pytest.raises(ValueError, match="must be one of grid queue, gas now, nuclear option"):
        CASES[0].npv_usd("moon", **inputs_of(CASES[0]))


@pytest.mark.slow
def test_weather_alone_serves_every_site_and_costs_far_more_than_its_levelised_cost():
    pytest.importorskip("pypsa")
    for case in CASES[:3]:
        sources = case.sources()
        year = energy.cheapest_supply(
            case.mean_w, [sources[s] for s in ("solar", "wind", "battery")], step_h=3
        )
        assert 150 < year.cost_usd_per_mwh < 400
        assert math.isclose(year.dispatch_w.sum(axis=1).min(), case.mean_w, rel_tol=1e-6)


def test_off_grid_gas_carries_its_reserve_and_its_pipeline():
    case = CASES[0]
    plain, own = energy.technologies()["gas-turbine"], case.sources()["gas-turbine"]
    reserve = 1 + facts.value("energy/off-grid-reserve")
    assert own.fixed_usd_per_w_year == pytest.approx(plain.fixed_usd_per_w_year * reserve)
    heat = facts.value("energy/gas-turbine-heat-rate-2025")
    assert own.variable_usd_per_mwh == pytest.approx(
        facts.value("energy/gas-turbine-variable-2025") + heat * case.gas_usd_per_mwh_heat
    )
