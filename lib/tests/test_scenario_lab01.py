"""Every student of lab01 has a campus of their own, and every campus leads to the same reasoning."""

import math

import numpy as np
import pytest

from supercycle import apps, decision, energy, facts, infra, scenario
from supercycle.scenario.lab01 import BLOCKS, LEVERS

DEFAULT = scenario.draw("lab01", "default")
CASES = [DEFAULT, *(scenario.draw("lab01", f"seed-{i}") for i in range(500))]
SOME = CASES[::25]  # each a run of a solver or of the whole stack

CHOICE = {
    "elasticity": 1.5,
    "followed": 0.8,
    "reviewer_usd_per_hour": 60.0,
    "cheaper": 1.5,
    "fewer": 1.4,
    "smarter": 0.35,
    "engineers": 200.0,
    "engineer_usd_per_year": 5e5,
}


def choice(case, **changes):
    own = {
        "review_s": case.review_s,
        "tokens_per_attempt": case.tokens_per_attempt,
        "success_share": case.success_share,
    }
    return CHOICE | own | changes


def review_share(case):
    """Cost of a review over that of an attempt's tokens [1]."""
    tokens_usd = case.price_usd_per_mtok * case.tokens_per_attempt / 1e6
    return case.review_s / 3600 * CHOICE["reviewer_usd_per_hour"] / tokens_usd


def test_a_code_always_draws_the_same_case_and_another_code_another():
    assert scenario.draw("lab01", "seed-7") == CASES[8]
    assert len({(c.chip, c.power_w, c.pue, c.share_sold, c.review_s) for c in CASES}) > 480


def test_every_campus_is_plausible():
    for case in CASES:
        assert 0.7e9 <= case.power_w <= 1.3e9
        assert 1.1 < case.pue < 1.4
        assert 0.4 < case.share_sold < 0.65
        assert 0.3 < case.utilisation < 0.5
        assert 20 < case.review_s < 200
        assert 0.3 < review_share(case) < 0.65
        gpus_per_gw = energy.gpus_count(1e9, case.pue, case.w_per_gpu)
        assert 3e5 < gpus_per_gw < 7e5  # around the lecture's half million
        assert 1e9 < case.revenue_usd_per_year < 1e10


def test_the_page_is_the_identity_of_five_factors():
    for case in SOME:
        year_s = 365 * 24 * 3600
        tokens = case.power_w * case.share_sold * case.utilisation * case.tokens_per_j * year_s
        assert case.revenue_usd_per_year == pytest.approx(tokens / 1e6 * case.price_usd_per_mtok)


def test_the_lecture_page_keeps_what_the_lecture_said():
    page = DEFAULT.page("lecture")
    assert page.infra.capex_usd == pytest.approx(70e9)
    assert page.chips.gpus == pytest.approx(500_000)


def test_a_day_serves_the_share_of_full_batches_that_the_case_says():
    for case in SOME:
        full_per_h = case.power_w * case.share_sold * case.tokens_per_j * 3600
        served = case.day().served_tokens.sum() / 24
        assert served / full_per_h == pytest.approx(case.utilisation)


def test_the_night_is_slack_and_chat_waits_in_the_afternoon():
    for case in CASES:
        wanted, capacity = case.demand_tokens(), case.capacity_tokens_per_h
        assert wanted.sum(axis=1)[3] < 0.8 * capacity
        agents, chat, _ = wanted[15]
        assert agents < 0.8 * capacity < 1.1 * capacity < agents + chat < 1.3 * capacity
        assert wanted[15].sum() < 1.55 * capacity  # the largest fleet of the lab has room to spare
    for case in SOME:
        shadow = case.day().shadow_usd_per_mtok
        assert shadow[3] == 0
        assert shadow[15] == pytest.approx(case.value_usd_per_mtok[BLOCKS.index("chat")])


def test_more_capacity_does_not_pay_at_the_margin_in_any_case():
    for case in SOME:
        worth = case.day().shadow_usd_per_mtok.sum()
        assert worth < case.capacity_usd_per_day("sourced") < case.capacity_usd_per_day("lecture")


def test_at_the_cost_of_capacity_its_shadow_prices_choose_the_fleet():
    # Boiteux: build until a day of capacity costs what its shadow prices sum to.
    cost = DEFAULT.capacity_usd_per_day()
    best = apps.peak_load(
        DEFAULT.demand_tokens(), DEFAULT.value_usd_per_mtok, capacity_usd_per_mtok=cost
    )
    assert best.shadow_usd_per_mtok.sum() == pytest.approx(cost)
    assert best.capacity_tokens < DEFAULT.capacity_tokens_per_h


def test_smarter_tokens_win_with_people_who_check_and_lose_without():
    for case in CASES:
        net = {lever: case.net_usd_per_year(lever, **choice(case)) for lever in LEVERS}
        assert max(net, key=net.get) == "smarter tokens"
        assert net["smarter tokens"] > 5e7
        alone = {
            lever: case.net_usd_per_year(lever, **choice(case, review_s=0.0)) for lever in LEVERS
        }
        assert max(alone, key=alone.get) == "cheaper tokens"


def test_the_seconds_of_review_at_which_the_choice_turns_exist():
    for case in SOME:

        def lead(case=case, **given):
            return case.net_usd_per_year("smarter tokens", **given) - case.net_usd_per_year(
                "cheaper tokens", **given
            )

        turn = decision.flip_value(lead, choice(case), "review_s", 0.0, case.review_s)
        assert 0.1 * case.review_s < turn < 0.9 * case.review_s


def test_a_lever_on_tokens_pays_only_him_who_has_it_alone():
    for case in CASES:
        for lever in ("cheaper tokens", "fewer tokens"):
            everybody = case.net_usd_per_year(lever, **choice(case, followed=1.0))
            nobody = case.net_usd_per_year(lever, **choice(case, followed=0.0))
            assert everybody < 0 < nobody
        alone = {v: case.net_usd_per_year(v, **choice(case, followed=0.0)) for v in LEVERS}
        assert max(alone, key=alone.get) == "cheaper tokens"


def test_a_price_taker_whom_nobody_follows_sells_more_at_the_old_price():
    given = choice(DEFAULT, followed=0.0, engineers=0.0)
    added = DEFAULT.net_usd_per_year("cheaper tokens", **given)
    assert added == pytest.approx(0.5 * DEFAULT.revenue_usd_per_year)


def test_without_review_a_lever_earns_its_factor_to_the_power_one_less_one_over_elasticity():
    # All capacity sold: price ∝ quantity^(−1/ε), so spending ∝ quantity^(1 − 1/ε). Closed form.
    given = choice(DEFAULT, review_s=0.0, engineers=0.0, elasticity=2.0, followed=1.0)
    revenue = DEFAULT.revenue_usd_per_year
    for lever, factor in (("cheaper tokens", 1.5), ("fewer tokens", 1.4)):
        expected = revenue * (factor**0.5 - 1)
        assert DEFAULT.net_usd_per_year(lever, **given) == pytest.approx(expected)
    success = 1 - 0.4 * (1 - 0.35)
    expected = revenue * ((success / 0.6) ** 0.5 - 1)
    assert DEFAULT.net_usd_per_year("smarter tokens", **given) == pytest.approx(expected)


def test_where_reviews_cost_more_than_people_would_pay_nothing_is_earned():
    given = choice(DEFAULT, cheaper=50.0, engineers=0.0)
    lost = DEFAULT.net_usd_per_year("cheaper tokens", **given)
    assert lost == pytest.approx(-DEFAULT.revenue_usd_per_year)


def test_layers_of_a_campus_add_up_to_its_price_and_a_power_plant():
    for level in ("low", "value", "high"):
        layers = DEFAULT.layers_usd_per_w(level)
        items = infra.capex_items(level=level)
        bare = infra.campus_capex(1e9, items=items).usd_per_facility_w
        table = facts.table("datacenter-capex")
        plant = table[table.option == "generation/onsite-gas"][level].sum()  # turbines and battery
        assert sum(layers.values()) == pytest.approx(bare + plant)
        assert all(math.isfinite(usd) and usd > 0 for usd in layers.values())


def test_only_the_dearest_definitions_come_near_the_lecture():
    said = facts.value("datacenter-capex/cost-lecture")
    overhead = facts.value("datacenter-capex/server-overhead")
    for case in SOME:
        assert sum(case.layers_usd_per_w("value").values()) * case.pue * overhead < said
        assert sum(case.layers_usd_per_w("high").values()) * case.pue * overhead > 0.85 * said


def test_the_lectures_price_asks_for_more_than_the_campus_earns():
    # 19.4 bn a gigawatt at 0.9 bn of running cost (five years, 10 per cent): annuity by hand.
    annuity = 70e9 * 0.1 / (1 - 1.1**-5)
    page = DEFAULT.page()
    running = page.energy.bill_usd_per_year + page.infra.other_usd_per_year
    assert DEFAULT.break_even_usd_per_year(70e9) == pytest.approx(annuity + running)
    for case in SOME:
        assert case.break_even_usd_per_year(70e9) > 2 * case.revenue_usd_per_year


def test_a_gpu_for_everybody_takes_many_american_grids():
    grids = np.array([DEFAULT.everybody_us_grids(watts) for watts in (1000.0, 2000.0)])
    assert grids == pytest.approx(7e12 * np.array([1, 2]) / (4.53581e15 / 8760), rel=1e-6)


def test_an_unknown_lever_is_named():
    with pytest.raises(ValueError, match="must be one of cheaper tokens"):
        DEFAULT.net_usd_per_year("harder tokens", **choice(DEFAULT))
