"""Every student's service has the same reasons to pool, in the same order, and a promise to keep."""

import math

import numpy as np
import pytest

from supercycle import cluster, decision, facts, infra, scenario
from supercycle.scenario.lab04 import OPTIONS

DEFAULT = scenario.draw("lab04", "default")
CASES = [DEFAULT, *(scenario.draw("lab04", f"seed-{i}") for i in range(500))]
NEEDS = {
    "amplitude": float(facts.value("infrastructure/daily-amplitude")),
    "staffing_quality": float(facts.value("infrastructure/staffing-quality")),
}


def inputs_of(case):
    campus = infra.campus_capex(case.power_w)
    return {
        **NEEDS,
        "usd_per_w_year": float(
            facts.value("compute-revenue/openai-exit-rate-revenue-per-power-2025")
        ),
        "elasticity": float(facts.value("serving/latency-elasticity")),
        "correlation": 0.0,
        "forwarded_share": float(facts.value("serving/forwarded-share")),
        "shared_share": case.shared_share,
        "kept_share": case.kept_share,
        "capex_usd_per_w": float(campus.usd_per_facility_w),
        "built_share": float(campus.built_share),
        "scale_exponent": float(facts.value("datacenter-capex/scale-exponent")),
        "rate": float(facts.value("datacenter-capex/rate")),
        "it_life_years": float(facts.value("datacenter-capex/life-it")),
        "site_life_years": float(facts.value("datacenter-capex/life-facility")),
    }


def test_students_have_different_services_and_a_code_draws_its_service_again():
    assert scenario.draw("lab04", "seed-3") == CASES[4]
    drawn = {(c.rate_per_s, c.slots, c.context_tokens, c.kept_share, c.shared_share) for c in CASES}
    assert len(drawn) > 490


def test_chance_is_negligible_daily_peaks_count_and_cold_contexts_count_most():
    for case in CASES:
        extra = case.extra_capacity(**NEEDS)
        assert 0.003 < extra["chance"] < 0.01
        assert 0.05 < extra["daily peaks"] < 0.2
        assert extra["daily peaks"] < extra["cold contexts"] < 1.5


def test_forwarding_everything_leaves_chance_alone():
    for case in CASES[::25]:
        extra = case.extra_capacity(forwarded_share=1.0, **NEEDS)
        assert extra["daily peaks"] == 0
        assert extra["cold contexts"] == pytest.approx(0, abs=1e-12)
        assert extra["chance"] == case.extra_capacity(**NEEDS)["chance"]


def test_cold_contexts_cost_more_waiting_than_distance_and_a_private_context_costs_none():
    for case in CASES:
        near, far = case.round_trip_s(case.sites), case.round_trip_s()
        assert 0.002 < near < far < 0.05
        assert case.wait_s(case.sites) - case.wait_s() > 2 * (far - near)
        private = case.wait_s(shared_share=0.0) - case.wait_s(case.sites, shared_share=0.0)
        assert private == pytest.approx(far - near)


def test_a_first_token_takes_what_the_lecture_quotes_and_far_less_when_all_is_warm():
    for case in CASES:
        assert 0.15 < case.wait_s() < 0.7
        assert 0.05 < case.wait_s(kept_share=0.999) < 0.15


def test_host_memory_and_flash_both_pay_in_every_case():
    for case in CASES[::10]:
        ready = case.context_s()
        slowest = case.chips_count * infra.memory_tier("flash").bandwidth_bytes_per_s
        fastest = case.chips_count * infra.memory_tier("dram").bandwidth_bytes_per_s
        assert ready["warm"] * fastest / slowest < ready["cold"] / 2


def test_the_fleet_of_a_gigawatt_costs_what_its_campus_costs():
    # Independent: the campus's own items, each by its own life.
    given = inputs_of(DEFAULT)
    money = {n: given[n] for n in ("capex_usd_per_w", "built_share", "scale_exponent", "rate",
                                   "it_life_years", "site_life_years")}  # fmt: skip
    tco = infra.campus_tco(infra.campus_capex(1e9), energy_usd_per_mwh=0.0)
    items = sum(float(x) for x in tco.capital_usd_per_year.values())
    assert DEFAULT.usd_per_year(sites=1, capacity=1.0, **money) == pytest.approx(items, rel=0.02)
    whole = infra.campus_capex(50e6).total_usd / (infra.campus_capex(1e9).total_usd / 20)
    built = 1 + given["built_share"] * (20 ** (1 - given["scale_exponent"]) - 1)
    assert built == pytest.approx(whole, rel=0.01)


def test_the_campus_wins_everywhere_and_the_choice_turns_where_contexts_are_warm():
    for case in CASES[::25]:
        given = inputs_of(case)
        net = {option: case.net_usd_per_year(option, **given) for option in OPTIONS}
        assert sorted(net, key=net.get, reverse=True) == [
            "one campus",
            "sites linked",
            "sites apart",
        ]

        def lead(case=case, **inputs):
            return case.net_usd_per_year("one campus", **inputs) - case.net_usd_per_year(
                "sites linked", **inputs
            )

        warm = given | {"forwarded_share": 1.0, "kept_share": 0.999}
        cold = given | {"forwarded_share": 1.0}
        turns = [decision.flip_value(lead, w, "elasticity", 0, 20) for w in (warm, cold)]
        assert 0.3 < turns[0] < 1.5 < turns[1]
        assert not math.isnan(decision.flip_value(lead, warm, "scale_exponent", 0.5, 1))


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="must be one of one campus"):
        DEFAULT.net_usd_per_year("the moon", **inputs_of(DEFAULT))


@pytest.mark.slow
def test_four_machines_or_a_few_more_keep_the_promise_and_one_does_not():
    promise = cluster.SLO(ttft_s=DEFAULT.ttft_limit_s, tpot_s=DEFAULT.tpot_limit_s)
    for case in CASES[:20]:
        trace = case.trace()
        kept = [
            cluster.simulate(trace, cluster.Fleet.of(case.replica(), n)).summary(promise)[
                "good_share"
            ]
            for n in (1, 8)
        ]
        assert kept[0] < 0.5 < 0.9 <= kept[1]


def test_the_trace_has_the_clumps_and_the_rate_of_its_case():
    for case in CASES[:20]:
        gaps = np.diff(case.trace(2000.0)["arrival_s"])
        assert 1 / gaps.mean() == pytest.approx(case.rate_per_s, rel=0.1)
        assert gaps.std() / gaps.mean() == pytest.approx(case.gap_cv, rel=0.1)
