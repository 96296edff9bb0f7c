"""Every student of lab07 has a chain of their own, and the same stage stops each of them."""

import itertools
import math

import numpy as np
import pytest

from supercycle import chips, decision, facts, scenario

DEFAULT = scenario.draw("lab07", "default")
CASES = [scenario.draw("lab07", f"seed-{i}") for i in range(500)]
STAGES = ("site-power", "hbm", "cowos", "logic-wafers", "euv-exposures")


def order(case):
    limits = case.limits()
    return sorted(limits, key=lambda stage: limits[stage]["gw_per_year"])


def test_cases_differ_and_a_code_draws_its_case_again():
    assert scenario.draw("lab07", "seed-3") == CASES[3]
    assert (
        len({(c.die_width_mm, c.die_height_mm, c.site_power_w, c.hbm_bytes) for c in CASES}) > 490
    )


def test_every_number_lies_in_its_published_range():
    ranges = {
        "defects_per_cm2": "package-costs/defects-5nm",
        "wafer_usd": "package-costs/wafer-5nm",
        "site_power_w": "supply-network/site-power-capacity",
        "hbm_bytes": "supply-network/hbm-capacity",
        "cowos_wafers": "supply-network/cowos-capacity",
        "site_power_growth": "supply-network/site-power-growth",
    }
    for name, path in ranges.items():
        fact = facts.value(path)
        drawn = [getattr(case, name) for case in [DEFAULT, *CASES]]
        assert fact.low <= min(drawn) < max(drawn) <= fact.high


def test_every_die_fits_into_the_field_of_a_scanner_and_mostly_works():
    for case in [DEFAULT, *CASES]:
        assert case.die_width_mm <= 26
        assert case.die_height_mm <= 33
        assert 0.6 < case.die_yield() < 0.9


def test_in_every_case_power_binds_memory_is_next_and_packaging_third():
    for case in [DEFAULT, *CASES]:
        assert order(case)[:3] == ["site-power", "hbm", "cowos"]
        limits = case.limits()
        assert limits["logic-wafers"]["gw_per_year"] > 2.5 * limits["site-power"]["gw_per_year"]


def test_in_every_case_the_budget_outlasts_the_gap_to_the_next_stage():
    # So that the whole budget adds less than its first dollar promises.
    capex = facts.value("supply-network/site-power-capex")
    for case in [DEFAULT, *CASES]:
        limits = case.limits()
        gap_w = 1e9 * (limits["hbm"]["gw_per_year"] - limits["site-power"]["gw_per_year"])
        assert 0.2e9 < gap_w * capex < 0.95 * case.budget_usd


def test_the_bill_says_the_same_as_the_network():
    # Independent: least capacity over what one product takes, walked through the bill by hand.
    for case in [DEFAULT, *CASES[:20]]:
        bill = case.bill()
        (product, worth), takes = next(iter(bill.worth.items())), {}

        def walk(stage, amount, bill=bill, takes=takes):
            takes[stage] = takes.get(stage, 0.0) + amount
            for source, used in bill.inputs.get(stage, {}).items():
                walk(source, amount * used / bill.yields.get(stage, 1.0))

        walk(product, 1.0)
        made_gw = worth * min(most / takes[s] for s, most in bill.capacity.items())
        assert made_gw == pytest.approx(chips.plan(case.network()).power_w / 1e9)
        assert made_gw == pytest.approx(case.limits()["site-power"]["gw_per_year"])
        assert 1e-3 < min(bill.capacity.values()) < max(bill.capacity.values()) < 1e3


def test_losing_the_toolmaker_is_felt_after_years_and_losing_the_foundry_at_once():
    years = np.linspace(0, 15, 301)
    for case in [DEFAULT, *CASES]:
        limits = case.limits()

        def made(gone, limits=limits):
            return np.min(
                [
                    s["gw_per_year"]
                    * (1 - s["makers"].get(gone, 0))
                    * (1 + s["growth_per_year"] * (1 - s["toolmakers"].get(gone, 0))) ** years
                    for s in limits.values()
                ],
                axis=0,
            )

        whole = made("")
        felt = years[np.argmax(whole - made("asml") > 1e-9)]
        assert 3 < felt < 8
        assert made("tsmc")[0] < 0.3 * whole[0]


def test_the_same_stage_wins_the_subsidy_in_every_case_and_growth_can_turn_it():
    for case in [DEFAULT, *CASES[::25]]:
        inputs = case.inputs()
        net = {stage: case.value_added_usd(stage, **inputs) for stage in STAGES}
        assert max(net, key=net.get) == "site-power"

        def lead(case=case, **given):
            return case.value_added_usd("site-power", **given) - case.value_added_usd(
                "logic-wafers", **given
            )

        turn = decision.flip_value(lead, inputs, "site_power_growth", 0.1, 1.5)
        assert case.site_power_growth < turn < 1.0
        share = decision.flip_value(lead, inputs, "logic_wafers_ai_share", 0.1, 1.0)
        assert math.isfinite(share)


def test_a_subsidy_of_a_stage_with_slack_is_lost_and_of_the_scarce_one_worth_what_it_sells():
    still = {
        row.replace("-", "_"): 0.0 for row in facts.ids("supply-network") if row.endswith("-growth")
    }
    inputs = DEFAULT.inputs() | still | {"discount_rate": 0.0, "budget_usd": 1e9}
    assert DEFAULT.value_added_usd("cowos", **inputs) == pytest.approx(-1e9)
    # By hand: 1e9 / 0.2 W more a year, after three of ten years, at 37,500 USD for 2,217 W.
    lead_years = facts.value("supply-network/site-power-lead-time")
    sold = 1e9 / 0.2 / 2217 * 37_500 * (10 - lead_years)
    assert DEFAULT.value_added_usd("site-power", **inputs) == pytest.approx(sold - 1e9, rel=1e-6)


def test_the_return_of_a_dollar_is_what_a_small_subsidy_gains():
    table = DEFAULT.choke_table()
    power = DEFAULT.site_power_w
    more = chips.plan(DEFAULT.network(site_power_capacity=power * 1.001), "value_usd").value_usd
    now = chips.plan(DEFAULT.network(), "value_usd").value_usd
    cost = 0.001 * power * facts.value("supply-network/site-power-capex")
    assert table.loc["site-power", "return"] == pytest.approx((more - now) / cost, rel=1e-6)
    assert (table.drop("site-power")["return"] == 0).all()


def test_margins_fall_from_customer_to_customer():
    for case in CASES:
        assert all(a > b > 0 for a, b in itertools.pairwise(case.customer_margins))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: DEFAULT.network(hbm=1.0), "changes name 'hbm': must be a row of supply-network"),
        (
            lambda: DEFAULT.value_added_usd("moon", **DEFAULT.inputs()),
            "stage = 'moon': must be one of",
        ),
    ],
)
def test_what_is_unknown_is_named(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
