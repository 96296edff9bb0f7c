"""Money over time agrees with textbook tables and with its own limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import finance


@pytest.mark.parametrize(
    ("rate", "years", "table"),
    [
        # Capital-recovery factors (A/P, i, n) as printed in engineering-economy interest tables.
        (0.05, 10, 0.1295),
        (0.08, 20, 0.1019),
        (0.10, 5, 0.2638),
        (0.12, 15, 0.1468),
    ],
)
def test_capital_recovery_matches_printed_tables(rate, years, table):
    assert finance.capital_recovery_factor(rate, years) == pytest.approx(table, abs=5e-5)


@given(st.floats(1e-9, 0.5), st.integers(1, 60))
def test_payments_repay_the_loan_year_by_year(rate, years):
    balance, payment = 1000.0, finance.annuity_usd_per_year(1000.0, rate, years)
    for _ in range(years):
        balance = balance * (1 + rate) - payment
    assert balance == pytest.approx(0, abs=1e-9 * 1000 * (1 + rate) ** years)


def test_without_interest_the_loan_is_shared_out_evenly():
    assert finance.capital_recovery_factor(0.0, 8) == 1 / 8
    assert finance.capital_recovery_factor(1e-12, 8) == pytest.approx(1 / 8, rel=1e-9)


def test_a_residual_value_lowers_the_payment_to_interest_when_nothing_is_lost():
    # An asset that keeps its value costs its interest: r K.
    assert finance.annuity_usd_per_year(100, 0.07, 9, residual_usd=100) == pytest.approx(7.0)


@given(st.floats(0.01, 0.4), st.integers(2, 30))
def test_the_internal_rate_of_an_annuity_is_its_interest(rate, years):
    payment = finance.annuity_usd_per_year(100.0, rate, years)
    flows = [-100.0, *[payment] * years]
    assert finance.irr(flows) == pytest.approx(rate, rel=1e-6)
    assert finance.npv_usd(rate, flows) == pytest.approx(0, abs=1e-8)


def test_a_later_dollar_is_worth_less_and_everything_broadcasts():
    assert finance.npv_usd(0.1, [0, 0, 100]) < finance.npv_usd(0.1, [0, 100, 0])
    assert finance.capital_recovery_factor(np.array([0.0, 0.1]), 5).shape == (2,)


def test_book_values_fall_to_the_residual():
    assert finance.book_value_usd(100, 5)[-1] == 0
    declining = finance.book_value_usd(100, 10, residual_usd=10, declining_rate=0.4)
    assert declining[1] == 60
    assert declining[-1] == 10
    assert (np.diff(declining) <= 0).all()


def test_double_declining_balance_with_its_switch_gives_the_tax_tables():
    # IRS Publication 946, table A-1, five years: 20, 32, 19.2, 11.52, 11.52, 5.76 %. Its first
    # year is a half-year; from there on it is ours over the four and a half years left. Without
    # the half-year, the same rule over five years: 40, 24, 14.4, 10.8, 10.8 %.
    taken = finance.depreciation_usd(100, 5, declining_rate=2 / 5)
    assert taken == pytest.approx([40, 24, 14.4, 10.8, 10.8])


@given(st.floats(1, 1e12), st.integers(1, 40), st.floats(0, 1), st.none() | st.floats(0.01, 0.99))
def test_depreciation_takes_capital_less_residual_whatever_the_schedule(k, life, kept, declining):
    taken = finance.depreciation_usd(k, life, residual_usd=kept * k, declining_rate=declining)
    assert taken.sum() == pytest.approx(k - kept * k, abs=1e-9 * k)
    assert (taken >= -1e-9 * k).all()


FLOWS = st.lists(st.floats(1, 1e6), min_size=1, max_size=15)


@given(st.floats(1, 1e7), FLOWS)
def test_present_value_is_positive_below_the_internal_rate_and_negative_above(cost, earned):
    flows = [-cost, *earned]
    rate = finance.irr(flows)
    size = cost + sum(earned)
    assert finance.npv_usd(rate, flows) == pytest.approx(0, abs=1e-6 * size)
    below, above = rate - 0.01 * (1 + rate), rate + 0.01 * (1 + rate)
    assert finance.npv_usd(below, flows) > 0 > finance.npv_usd(above, flows)


@given(FLOWS, st.floats(-0.5, 1))
def test_a_higher_rate_never_raises_the_worth_of_what_is_earned_later(earned, rate):
    flows = [0.0, *earned]
    assert finance.npv_usd(rate + 0.01, flows) <= finance.npv_usd(rate, flows)


def test_without_interest_present_value_is_the_sum():
    assert finance.npv_usd(0.0, [-100, 30, 40, 50]) == 20
    assert finance.npv_usd(1e-12, [-100, 30, 40, 50]) == pytest.approx(20)


@given(FLOWS, st.floats(0, 0.5))
def test_money_in_the_middle_of_the_year_is_worth_half_a_years_interest_more(earned, rate):
    late = finance.npv_usd(rate, [0.0, *earned])
    middle = finance.npv_usd(rate, [0.0, *earned], mid_year=True)
    assert middle == pytest.approx(late * (1 + rate) ** 0.5)


def test_present_value_agrees_with_a_spreadsheets_help_page():
    # Microsoft's documentation of NPV, example 1: 10 %, flows −10,000, 3,000, 4,200, 6,800, all a
    # period late: 1,188.44. Of IRR, example: −70,000, 12,000, 15,000, 18,000, 21,000, 26,000: 8.7 %.
    assert finance.npv_usd(0.1, [0, -10_000, 3_000, 4_200, 6_800]) == pytest.approx(
        1188.44, abs=0.005
    )
    flows = [-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]
    assert finance.irr(flows) == pytest.approx(0.087, abs=5e-4)
    assert finance.irr(flows[:5]) == pytest.approx(-0.021, abs=5e-4)


def test_a_near_total_loss_and_a_windfall_have_their_rates_too():
    assert finance.irr([-1e9, 1e-3]) == pytest.approx(1e-12 - 1, abs=1e-15)
    assert finance.irr([-1e-3, 1e9]) == pytest.approx(1e12, rel=1e-6)


def test_one_present_value_for_each_rate():
    flows = [-100, 60, 60]
    many = finance.npv_usd(np.array([0.0, 0.1]), flows)
    assert many == pytest.approx([20, finance.npv_usd(0.1, flows)])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: finance.capital_recovery_factor(0.1, 0), "years = 0"),
        (lambda: finance.capital_recovery_factor(-2, 5), "rate = -2"),
        (lambda: finance.annuity_usd_per_year(-1, 0.1, 5), "capital_usd = -1"),
        (lambda: finance.capital_recovery_factor(float("nan"), 5), "rate = nan"),
        (
            lambda: finance.annuity_usd_per_year(1, 0.1, 5, residual_usd=float("nan")),
            "residual_usd",
        ),
        (lambda: finance.npv_usd(-1, [1, 2]), "rate = -1"),
        (lambda: finance.book_value_usd(1, 2.5), "life_years = 2.5"),
        (lambda: finance.irr([1, 2, 3]), "change sign 0 times"),
        (lambda: finance.irr([-1, 5, -6]), "change sign 2 times"),
        (lambda: finance.npv_usd(0.1, [1, float("nan")]), "finite"),
        (lambda: finance.book_value_usd(1, 5, residual_usd=2), "residual_usd = 2"),
        (lambda: finance.book_value_usd(1, 5, declining_rate=1.5), "declining_rate = 1.5"),
    ],
)
def test_impossible_money_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
