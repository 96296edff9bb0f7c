"""Every student of lab09 has a deal that loses as offered, and a number that would change the advice."""

import functools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from supercycle import decision, facts, finance, infra, scenario
from supercycle.scenario.lab09 import OPTIONS, POWERS, beliefs, outcome

DEFAULT = scenario.draw("lab09", "default")
CASES = [scenario.draw("lab09", f"seed-{i}") for i in range(500)]
EVERY = [DEFAULT, *CASES]


@functools.cache
def summed(case):
    """Cost of a watt, added up from its items [USD/W]."""
    return float(infra.campus_capex(case.power_w).usd_per_facility_w)


def best(case, **changes):
    given = case.inputs(**changes)
    return max(OPTIONS, key=lambda option: case.value_usd(option, **given))


def plan_of(case, power="onsite-gas", sold=0.4, size=0.3):
    return {
        "power_w": size * case.power_w,
        "power": power,
        "crash_usd": 0.0,
        "start_months": case.start_months(power, 0.0),
        "rate": case.rate,
        "take_or_pay_share": sold,
        "years": case.years,
    }


def test_cases_differ_and_a_code_draws_its_case_again():
    assert scenario.draw("lab09", "seed-3") == CASES[3]
    assert len(set(CASES)) > 490


def test_every_deal_stays_near_the_lecture_and_the_sales_of_a_large_laboratory():
    for case in EVERY:
        assert 0.7e9 <= case.power_w <= 1.3e9
        assert 65 < case.capex_usd_per_w < 75
        assert 9 < case.revenue_usd_per_w_year < 11
        assert 0.07 < case.decline_per_year <= 0.1
        assert 0.09 <= case.rate <= 0.11
        assert 0.15 <= case.contract_discount <= 0.25
        assert 0.5 < case.opex_usd_per_year / case.power_w < 1.5


def test_no_deal_earns_what_its_capital_costs_and_none_is_hopeless_by_a_factor_of_three():
    for case in EVERY:
        annuity = finance.annuity_usd_per_year(case.capex_usd, rate=case.rate, years=case.years)
        needed = annuity + case.opex_usd_per_year
        assert 1.5 < needed / case.revenue_usd_per_year < 2.6


def test_a_month_is_worth_much_once_the_money_is_spent_and_less_than_nothing_before():
    for case in EVERY:
        deal = dict(
            capex_usd=case.capex_usd,
            revenue_usd_per_year=case.revenue_usd_per_year,
            opex_usd_per_year=case.opex_usd_per_year,
            rate=case.rate,
            years=case.years,
        )
        sunk = infra.delay_cost_usd(1, regime="sunk", **deal)
        deferred = infra.delay_cost_usd(1, regime="deferred", **deal)
        falling = infra.delay_cost_usd(
            1, regime="falling", **deal, decline_per_year=case.decline_per_year
        )
        margin = (case.revenue_usd_per_year - case.opex_usd_per_year) / 12
        assert sunk == pytest.approx(margin, rel=0.02)
        assert deferred < -0.2 * sunk
        assert deferred < falling < 0  # falling prices take most of what deferral gains


def test_waiting_wins_as_offered_and_the_price_of_a_watt_alone_does_not_change_that():
    for case in EVERY:
        assert best(case) == "wait"
        assert best(case, capex_usd_per_w=summed(case)) == "wait"


def test_sales_turn_the_advice_of_every_case_from_wait_to_stage_to_sign():
    for case in EVERY:
        at = dict(capex_usd_per_w=summed(case))

        def lead(rival, case=case, **given):
            return case.value_usd("sign", **given) - case.value_usd(rival, **given)

        inputs = case.inputs(**at)
        over_wait = decision.flip_value(
            lambda **g: lead("wait", **g), inputs, "revenue_usd_per_w_year", 2, 150, rtol=1e-4
        )
        assert 1.8 < over_wait / case.revenue_usd_per_w_year < 3.5
        assert best(case, **at, revenue_usd_per_w_year=over_wait) == "stage"
        assert best(case, **at, revenue_usd_per_w_year=1.5 * over_wait) == "sign"


def test_chips_that_last_longer_bring_the_turning_point_nearer():
    case = DEFAULT

    def flip(years):
        return decision.flip_value(
            lambda **g: case.value_usd("sign", **g) - case.value_usd("wait", **g),
            case.inputs(capex_usd_per_w=summed(case), years=years),
            "revenue_usd_per_w_year",
            2,
            150,
            rtol=1e-6,
        )

    assert flip(8.0) < 0.9 * flip(5.0)


def test_signing_is_worth_what_year_by_year_discounting_gives():
    # By hand, in the limit of sales at once and no second future: the textbook's value of a level
    # continuous flow, (1 - (1 + r)^-n) / ln(1 + r), less the capital.
    case = DEFAULT
    given = case.inputs(
        start_months=0.0, good_probability=1.0, decline_per_year=0.0, revenue_usd_per_w_year=20.0
    )
    years = (1 - 1.1**-5) / math.log(1.1)
    margin = 20.0 - case.opex_usd_per_year / case.power_w
    by_hand = case.power_w * (margin * years - case.capex_usd_per_w)
    assert case.value_usd("sign", **given) == pytest.approx(by_hand)


def test_a_certain_future_leaves_nothing_to_wait_for():
    for case in CASES[:50]:
        given = case.inputs(good_probability=1.0, revenue_usd_per_w_year=60.0)
        value = {option: case.value_usd(option, **given) for option in OPTIONS}
        assert value["sign"] > value["stage"] > value["wait"] > 0


def test_an_unknown_answer_is_named():
    with pytest.raises(ValueError, match="must be one of sign, stage, wait"):
        DEFAULT.value_usd("hope", **DEFAULT.inputs())


def test_beliefs_carry_their_source_and_stay_in_their_range():
    for fact in beliefs().values():
        assert fact.low < float(fact) < fact.high
        assert "estimate" in facts.sources(fact)


def test_a_stressed_plan_is_worth_the_integral_of_its_flows():
    rng = np.random.default_rng(4)
    for case in CASES[:20]:
        market = case.market()
        for power in POWERS:
            plan = plan_of(case, power, sold=float(rng.uniform(0, 1)), size=1.0) | {
                "crash_usd": 3e8
            }
            for stress in case.unseen(3, seed=int(rng.integers(1e6))):
                grid = power == "grid"
                ordered = plan["power_w"] * stress["chips_share"]
                runs = min(ordered, stress["grid_cap_w"]) if grid else ordered
                told = min(plan["take_or_pay_share"] * plan["power_w"], runs)

                def flow(age, plan=plan, stress=stress, market=market, runs=runs, told=told):
                    price = market["revenue_usd_per_w_year"]
                    spot = stress["price_ratio"] * (1 - market["decline_per_year"]) ** age
                    sales = price * (
                        told * (1 - market["contract_discount"]) + (runs - told) * spot
                    )
                    opex = market["opex_usd_per_w_year"] * runs
                    return (sales - opex) * (1 + plan["rate"]) ** -age

                late = stress["late_months"] / 12 if grid else 0.0
                running = quad(flow, late, plan["years"])[0]
                then = running - market["chips_usd_per_w"] * ordered
                site = market["site_usd_per_w"] + (0 if grid else market["gas_usd_per_w"])
                by_hand = then * (1 + plan["rate"]) ** (-plan["start_months"] / 12)
                by_hand -= site * plan["power_w"] + 3e8
                got = outcome(plan, stress, market)
                assert got["npv_usd"] == pytest.approx(by_hand, rel=1e-7)
                assert got["running_w"] == pytest.approx(runs)
                assert got["start_months"] == pytest.approx(plan["start_months"] + 12 * late)


def test_each_trouble_of_the_committee_hurts_the_plan_it_is_meant_for():
    for case in CASES[:100]:
        market = case.market(summed(case))
        market["revenue_usd_per_w_year"] *= 3  # a plan that pays: less of it is worse
        worth = {
            power: {
                label: outcome(plan_of(case, power, size=1.0), stress, market)["npv_usd"]
                for label, stress in case.scenarios().items()
            }
            for power in POWERS
        }
        grid, gas = worth["grid"], worth["onsite-gas"]
        assert all(grid[label] < grid["all to plan"] for label in list(grid)[1:])
        assert gas["transformers a year late"] == gas["grid capped at 60 %"] == gas["all to plan"]
        assert gas["memory short by 30 %"] < gas["all to plan"]
        assert gas["token price halved"] < gas["all to plan"]


def test_the_caps_of_the_committee_are_watts_of_the_site_and_not_of_the_plan():
    for case in CASES[:100]:
        cap = case.scenarios()["grid capped at 60 %"]["grid_cap_w"]
        assert cap == pytest.approx(0.6 * case.power_w)
        caps = [stress["grid_cap_w"] for stress in case.unseen(50, seed=1)]
        assert 0.5 * case.power_w <= min(caps) <= cap < max(caps) <= case.power_w


def test_a_promise_read_off_practice_scenarios_is_kept_in_those_nobody_has_shown():
    for case in CASES[:20]:
        for power, sold, size in (("onsite-gas", 0.0, 1.0), ("onsite-gas", 0.8, 0.3), ("grid", 0.5, 1.0)):  # fmt: skip
            plan = plan_of(case, power, sold, size)
            market = case.market()
            practice = [outcome(plan, s, market)["npv_usd"] for s in case.unseen(300, seed=9)]
            promise = float(np.quantile(practice, 0.1))
            kept = case.kept_share(plan | {"promise_usd": promise}, case.unseen(400, seed=77))
            assert 0.82 <= kept <= 0.975


def test_buying_time_brings_the_start_forward_and_own_gas_lands_first():
    assert DEFAULT.start_months("onsite-gas", 0.0) < DEFAULT.start_months("grid", 0.0)
    for power in POWERS:
        months = [DEFAULT.start_months(power, usd) for usd in (0.0, 3e8, 1e9)]
        assert months[0] > months[1] + 2 > months[2] + 4
        soonest, latest = DEFAULT.start_range_months(power)
        assert soonest < months[0] < latest
