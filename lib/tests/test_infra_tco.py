"""Cost of ownership against published models, present values against cash flows, delays by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import facts, infra
from supercycle.finance import annuity_usd_per_year, npv_usd

MONEY = st.floats(1e8, 1e11)
RATES = st.just(0.0) | st.floats(1e-6, 0.3)


def epoch_model_usd_per_w_year(rate, life_it):
    """Epoch AI's gigawatt: 38 USD/W, split as its 30 of IT hardware to 14 of the rest."""
    total = float(facts.value("datacenter-capex/cost-epoch-model"))
    it = total * 30 / 44
    facility_life = float(facts.value("datacenter-capex/life-facility"))
    return (
        annuity_usd_per_year(it, rate, life_it)
        + annuity_usd_per_year(total - it, rate, facility_life)
        + float(facts.value("datacenter-capex/opex-epoch-model"))
    )


def test_one_interest_rate_reproduces_three_published_costs_of_ownership():
    # Epoch AI (2026-05): 8.5 bn a year with chips living 5 years, 12 with 3, 7 with 7. The rate is
    # not published; it is solved from the first and must predict the other two (within 0.5 %).
    from scipy.optimize import brentq

    base = float(facts.value("datacenter-capex/tco-epoch-model"))
    rate = brentq(lambda r: epoch_model_usd_per_w_year(r, 5) - base, 0.001, 0.3)
    assert rate == pytest.approx(0.066, abs=0.001)
    for life in (3, 7):
        published = float(facts.value(f"datacenter-capex/tco-epoch-life-{life}"))
        assert epoch_model_usd_per_w_year(rate, life) == pytest.approx(published, rel=0.005)


def test_energy_is_seven_per_cent_of_cost_and_half_at_nine_hundred_dollars():
    total = float(facts.value("datacenter-capex/tco-epoch-model")) * 1e9
    energy = float(facts.value("datacenter-capex/energy-epoch-model")) * 1e9
    assert energy / total == pytest.approx(0.07, abs=0.002)
    price = infra.energy_price_for_share_usd_per_mwh(
        0.5, other_usd_per_year=total - energy, energy_mwh_per_year=8.76e6
    )
    assert price == pytest.approx(900, rel=0.01)


@pytest.mark.parametrize("chip", ["gb200", "gb300"])
def test_a_gpu_hour_costs_a_tenth_more_than_a_hyperscalers_published_cost(chip):
    # SemiAnalysis via Epoch AI: 2.21 and 2.34 USD an hour. Ours at 7 per cent, which Epoch's model
    # implies, and 70 USD/MWh: 2.43 and 2.57.
    campus = infra.campus_capex(1e9)
    tco = infra.campus_tco(campus, energy_usd_per_mwh=70, rate=0.07)
    hour = infra.cost_usd_per_gpu_hour(
        tco.total_usd_per_year, infra.gpus_per_gw(chip, pue=campus.pue)
    )
    owning = float(facts.value(f"datacenter-capex/owning-cost-{chip}"))
    assert hour / owning == pytest.approx(1.1, abs=0.01)
    assert hour < float(facts.value(f"chips/{chip}/rent_usd_per_hour"))


def test_capital_costs_the_same_in_every_table():
    assert facts.value("datacenter-capex/rate") == facts.value("serving/discount-rate")


def test_the_price_for_a_share_gives_that_share():
    campus = infra.campus_capex(1e9)
    cheap = infra.campus_tco(campus, energy_usd_per_mwh=0)
    shares = np.array([0.0, 0.1, 0.5, 0.9])
    price = infra.energy_price_for_share_usd_per_mwh(
        shares, other_usd_per_year=cheap.total_usd_per_year, energy_mwh_per_year=8.76e6
    )
    assert infra.campus_tco(campus, energy_usd_per_mwh=price).energy_share == pytest.approx(shares)


def test_each_item_is_paid_off_over_its_own_life():
    campus = infra.campus_capex(1e9)
    tco = infra.campus_tco(campus, energy_usd_per_mwh=60, rate=0.08)
    for item in campus.items:
        flows = [-campus.by_item_usd[item.name]]
        flows += [tco.capital_usd_per_year[item.name]] * int(item.life_years)
        assert npv_usd(0.08, flows) == pytest.approx(0, abs=1e-3)


def test_at_ten_billion_a_year_a_gigawatt_loses_and_at_seventy_it_needs_nineteen():
    # 9.1 · 3.7908 − 38 = −3.50; 70/3.7908 + 0.9 = 19.37 (annuity table: 5 years, 10 per cent).
    assert infra.campus_npv_usd(38e9, 10e9, 0.9e9, rate=0.1, years=5) == pytest.approx(
        -3.50e9, rel=2e-3
    )
    assert infra.break_even_revenue_usd_per_year(70e9, 0.9e9, rate=0.1, years=5) == pytest.approx(
        19.37e9, rel=1e-3
    )


@given(MONEY, MONEY, MONEY, RATES, st.integers(1, 20), st.floats(-0.5, 0.9))
def test_the_closed_form_is_the_present_value_of_the_flows(capex, revenue, opex, rate, n, fall):
    flows = np.array([-capex, *(revenue * (1 - fall) ** np.arange(n) - opex)])
    closed = infra.campus_npv_usd(capex, revenue, opex, rate=rate, years=n, decline_per_year=fall)
    assert closed == pytest.approx(npv_usd(rate, flows), rel=1e-8, abs=1e-6 * np.abs(flows).max())


@given(MONEY, MONEY, RATES, st.floats(0.5, 30), st.floats(0, 0.9), st.floats(1.01, 3))
def test_value_has_the_sign_of_revenue_less_break_even(capex, opex, rate, years, fall, factor):
    case = {"rate": rate, "years": years, "decline_per_year": fall}
    even = infra.break_even_revenue_usd_per_year(capex, opex, **case)
    at, above, below = infra.campus_npv_usd(
        capex, even * np.array([1, factor, 1 / factor]), opex, **case
    )
    assert at == pytest.approx(0, abs=1e-6 * (capex + opex * years))
    assert below < 0 < above


def test_growth_at_the_interest_rate_is_a_plain_sum():
    assert infra.present_years(0.05, 8, decline_per_year=-0.05) == pytest.approx(8 / 1.05)


# What a month costs ------------------------------------------------------------------------------

CASE = {"capex_usd": 38e9, "revenue_usd_per_year": 10e9, "opex_usd_per_year": 0.9e9,
        "rate": 0.1, "years": 5.0}  # fmt: skip


def start_in_small_steps(months, *, moves, fall, steps=200_000):
    """Present value by a midpoint sum, without the closed form."""
    begin = months / 12
    end = begin + CASE["years"] if moves else CASE["years"]
    t = begin + (np.arange(steps) + 0.5) / steps * (end - begin)
    flow = CASE["revenue_usd_per_year"] * (1 - fall) ** t - CASE["opex_usd_per_year"]
    paid = CASE["capex_usd"] * (1.1**-begin if moves else 1.0)
    return float(np.mean(flow * 1.1**-t) * (end - begin) - paid)


@pytest.mark.parametrize(
    ("regime", "moves", "fall"),
    [("deferred", True, 0.0), ("sunk", False, 0.0), ("sunk", False, 0.3), ("falling", True, 0.3)],
)
def test_a_delay_costs_what_a_sum_over_small_steps_says(regime, moves, fall):
    cost = infra.delay_cost_usd(7.0, regime=regime, decline_per_year=fall, **CASE)
    summed = start_in_small_steps(0, moves=moves, fall=fall) - start_in_small_steps(
        7.0, moves=moves, fall=fall
    )
    assert cost == pytest.approx(summed, abs=1e5)  # of about 1e9


def test_a_month_of_a_sunk_gigawatt_costs_eight_tenths_of_a_billion():
    # A twelfth of 10 bn less 0.9 bn a year: 0.76 bn, discounted over half a month.
    assert infra.delay_usd_per_month("sunk", **CASE) == pytest.approx(9.1e9 / 12, rel=0.01)


@given(MONEY, MONEY, MONEY, st.floats(0.001, 0.3), st.floats(1, 15), st.floats(0.1, 11))
def test_deferring_loses_the_interest_on_the_value_so_a_bad_project_gains(
    capex, revenue, opex, rate, years, months
):
    case = {"capex_usd": capex, "revenue_usd_per_year": revenue, "opex_usd_per_year": opex,
            "rate": rate, "years": years}  # fmt: skip
    cost = infra.delay_cost_usd(months, regime="deferred", **case)
    force = np.log1p(rate)
    npv = (revenue - opex) * -np.expm1(-force * years) / force - capex
    assert cost == pytest.approx(npv * -np.expm1(-force * months / 12), rel=1e-6, abs=1.0)


@given(st.sampled_from(infra.REGIMES), st.floats(0, 0.3))
def test_no_delay_costs_nothing(regime, rate):
    fall = 0.3 if regime == "falling" else 0.0
    case = {**CASE, "rate": rate, "decline_per_year": fall}
    assert infra.delay_cost_usd(0.0, regime=regime, **case) == 0


@given(st.floats(0.01, 0.8), st.floats(0.5, 24), RATES)
def test_falling_prices_take_the_same_share_of_sales_as_a_higher_interest_rate(fall, months, rate):
    # Without costs a later start loses 1 − e^(−(δ + γ) m) of the sales, by hand.
    sales = {"capex_usd": 0.0, "revenue_usd_per_year": 1e10, "opex_usd_per_year": 0.0,
             "rate": rate, "years": 5.0}  # fmt: skip
    cost = infra.delay_cost_usd(months, regime="falling", decline_per_year=fall, **sales)
    force = np.log1p(rate) - np.log1p(-fall)
    value = 1e10 * -np.expm1(-force * 5) / force
    assert cost == pytest.approx(value * -np.expm1(-force * months / 12))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: infra.campus_tco(infra.campus_capex(1e9), energy_usd_per_mwh=-1), "energy_usd"),
        (lambda: infra.campus_tco(infra.campus_capex(1e9), energy_usd_per_mwh=1, load_factor=2),
         "load_factor"),
        (lambda: infra.campus_tco(infra.campus_capex(1e9), energy_usd_per_mwh=float("nan")), "NaN"),
        (lambda: infra.cost_usd_per_gpu_hour(1e9, 0), "gpus"),
        (lambda: infra.cost_usd_per_gpu_hour(1e9, 10, sold_share=0), "sold_share"),
        (lambda: infra.energy_price_for_share_usd_per_mwh(1, other_usd_per_year=1,
                                                          energy_mwh_per_year=1), "energy_share"),
        (lambda: infra.campus_npv_usd(-1, 1, 1, rate=0.1, years=5), "capex_usd"),
        (lambda: infra.campus_npv_usd(1, 1, 1, rate=0.1, years=0), "years"),
        (lambda: infra.present_years(-1.0, 5), "rate"),
        (lambda: infra.present_years(0.1, 5, decline_per_year=1.0), "decline_per_year"),
        (lambda: infra.delay_cost_usd(1, regime="late", **CASE), "regime"),
        (lambda: infra.delay_cost_usd(-1, regime="sunk", **CASE), "months"),
        (lambda: infra.delay_cost_usd(61, regime="sunk", **CASE), "months"),
        (lambda: infra.delay_cost_usd(1, regime="falling", **CASE), "decline_per_year"),
        (lambda: infra.delay_cost_usd(1, regime="deferred", decline_per_year=0.1, **CASE),
         "decline_per_year"),
    ],
)  # fmt: skip
def test_impossible_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
