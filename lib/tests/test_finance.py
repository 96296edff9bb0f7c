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


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: finance.capital_recovery_factor(0.1, 0), "years = 0"),
        (lambda: finance.capital_recovery_factor(-2, 5), "rate = -2"),
        (lambda: finance.annuity_usd_per_year(-1, 0.1, 5), "capital_usd = -1"),
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
