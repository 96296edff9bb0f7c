"""Three levers on the cost of a result, and what demand does with it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import apps, facts


def test_cost_per_success_equals_a_simulated_purchase():
    # pay for attempts until one succeeds; geometric law, simulated independently
    attempts = np.random.default_rng(0).geometric(0.3, 200_000).mean()
    assert apps.cost_usd_per_success(10, 50_000, 0.3) == pytest.approx(0.5 * attempts, rel=0.01)


def test_each_attempt_is_paid_for_and_looked_at():
    # geometric law simulated: tokens and a review for every attempt until one succeeds
    attempts = np.random.default_rng(1).geometric(0.4, 200_000).mean()
    assert apps.cost_usd_per_success(10, 50_000, 0.4, 0.7) == pytest.approx(
        (0.5 + 0.7) * attempts, rel=0.01
    )


def test_certain_success_costs_one_attempt():
    assert apps.cost_usd_per_success(2.0, 1e6, 1.0) == 2.0


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 100), st.floats(1, 1e6), st.floats(0.01, 1))
def test_every_lever_has_an_elasticity_of_one(price, tokens, success):
    e = apps.lever_elasticities(price, tokens, success)
    assert (e.price, e.tokens, e.success) == pytest.approx((1, 1, -1), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 100), st.floats(1e3, 1e6), st.floats(0.01, 1), st.floats(0.01, 10))
def test_where_people_check_only_the_success_rate_keeps_its_elasticity(
    price, tokens, success, review
):
    e = apps.lever_elasticities(price, tokens, success, review)
    of_tokens = price * tokens / 1e6 / (price * tokens / 1e6 + review)  # share, by hand
    assert (e.price, e.tokens, e.success) == pytest.approx((of_tokens, of_tokens, -1), abs=1e-5)


def test_at_unit_elasticity_spending_ignores_price():
    assert apps.revenue_ratio(np.array([0.1, 0.5, 7.0]), 1.0) == pytest.approx([1, 1, 1])


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 0.99), st.floats(0.0, 4))
def test_a_price_cut_raises_spending_only_if_demand_is_elastic(price_ratio, elasticity):
    assert (apps.revenue_ratio(price_ratio, elasticity) >= 1 - 1e-12) == (elasticity >= 1 - 1e-12)
    assert apps.quantity_ratio(price_ratio, elasticity) >= 1


def test_revenue_ratio_follows_a_demand_curve():
    # q = 100 p^-1.7, spending before and after worked out on the curve
    def spending(p):
        return p * 100 * p**-1.7

    assert apps.revenue_ratio(0.4 / 2.0, 1.7) == pytest.approx(spending(0.4) / spending(2.0))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 10), st.floats(0.2, 4))
def test_the_clearing_price_sells_exactly_the_capacity(capacity_ratio, elasticity):
    price_ratio = apps.clearing_price_ratio(capacity_ratio, elasticity)
    assert apps.quantity_ratio(price_ratio, elasticity) == pytest.approx(capacity_ratio)


def test_list_prices_of_the_same_maker_fell_by_more_than_half_a_year():
    first = facts.value("prices/gpt-4-8k-2023-03-14/output_usd_per_mtok")
    last = facts.value("prices/gpt-4.1-2025-04-14/output_usd_per_mtok")
    assert apps.change_per_year(first, last, 761 / 365) < 0.5


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: apps.cost_usd_per_success(1, 1, 0.0), "success_share"),
        (lambda: apps.cost_usd_per_success(1, 1, 1.1), "success_share"),
        (lambda: apps.cost_usd_per_success(None, 1, 1), "price_usd_per_mtok"),
        (lambda: apps.cost_usd_per_success(1, 1, 1, -1), "review_usd"),
        (lambda: apps.revenue_ratio(0, 1), "price_ratio"),
        (lambda: apps.revenue_ratio(1, -1), "elasticity"),
        (lambda: apps.change_per_year(1, 0, 1), "last"),
        (lambda: apps.clearing_price_ratio(2, 0), "elasticity"),
        (lambda: apps.cost_ratio(1, -1, 1), "tokens_ratio"),
    ],
)
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
