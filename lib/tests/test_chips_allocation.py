"""Wafers by bargaining and by risk: closed forms, Shapley, brute force, limits."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import chips, facts
from supercycle.apps.cooperative import shapley
from supercycle.chips import Customer

VALUE = st.floats(0.1, 10.0)


def covariance(rows):
    factor = np.array(rows)
    return factor @ factor.T + 0.05 * np.eye(len(rows))


COVARIANCES = st.lists(
    st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=3, max_size=3
).map(covariance)
MEANS = st.lists(st.floats(0.1, 3), min_size=3, max_size=3).map(np.array)


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_like_customers_leave_the_foundry_all_but_one_part(n):
    # Hart and Moore (1990): n/(n + 1) of what the wafers are worth.
    deal = chips.bargain([Customer(str(k), 7.0) for k in range(n)], 3.0)
    assert deal.foundry_usd == pytest.approx(21 * n / (n + 1))
    assert sum(deal.customer_usd.values()) == pytest.approx(21 / (n + 1))


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=5), st.floats(0.5, 20))
@settings(max_examples=40, deadline=None)
def test_with_equal_power_everybody_gets_the_shapley_value(rows, wafers):
    # Independent: the library's cooperative games, a floor that knows nothing of foundries.
    customers = [Customer(f"c{k}", v, most_wafers=m) for k, (v, m) in enumerate(rows)]

    def worth(group):
        if "foundry" not in group:
            return 0.0
        left, total = wafers, 0.0
        for c in sorted(
            (c for c in customers if c.name in group), key=lambda c: -c.value_usd_per_wafer
        ):
            total += c.value_usd_per_wafer * min(left, c.most_wafers)
            left -= min(left, c.most_wafers)
        return total

    values = shapley(["foundry", *(c.name for c in customers)], worth)
    deal = chips.bargain(customers, wafers)
    assert deal.foundry_usd == pytest.approx(values.pop("foundry"))
    assert dict(deal.customer_usd) == pytest.approx(values, abs=1e-9)


@given(st.lists(st.tuples(VALUE, st.floats(0, 0.2)), min_size=1, max_size=5), st.floats(0.05, 0.95))
@settings(max_examples=40, deadline=None)
def test_money_and_wafers_add_up(rows, power):
    customers = [Customer(f"c{k}", v, least_wafers=m) for k, (v, m) in enumerate(rows)]
    deal = chips.best_customers(customers, 1.0, power=power)
    by_name = {c.name: c for c in customers}
    worth = sum(by_name[n].value_usd_per_wafer * w for n, w in deal.wafers.items())
    assert deal.foundry_usd + sum(deal.customer_usd.values()) == pytest.approx(worth)
    assert sum(deal.wafers.values()) == pytest.approx(1)
    assert sum(deal.paid_usd.values()) == pytest.approx(deal.foundry_usd)


def test_a_risk_neutral_foundry_that_bargains_keeps_the_second_best_alive():
    first = Customer("first", 1.0, least_wafers=0.1)
    second = Customer("second", 0.8, least_wafers=0.1)
    kept = chips.best_customers([first, second], 1.0)
    # By hand: V = 0.9 + 0.08 = 0.98, alone ½ and 0.4: F = (0.98 + ½ + 0.4)/3.
    assert kept.foundry_usd == pytest.approx(1.88 / 3)
    assert kept.foundry_usd > chips.bargain([first], 1.0).foundry_usd
    assert kept.paid_usd["second"] < 0  # kept for the threat it is, and paid for it
    # The same foundry with all the power has no use for a rival: it takes the corner.
    dictator = chips.best_customers([first, second], 1.0, power=0.999)
    assert set(dictator.wafers) == {"first"}


def test_a_threat_that_cannot_use_the_wafers_is_worth_nothing():
    rival = Customer("rival", 0.8, most_wafers=0.1, least_wafers=0.1)
    kept = chips.best_customers([Customer("first", 1.0), rival], 1.0)
    assert (
        kept.foundry_usd
        < chips.best_customers(
            [Customer("first", 1.0), Customer("rival", 0.8, least_wafers=0.1)], 1.0
        ).foundry_usd
    )


def test_an_outside_option_raises_the_customer_and_lowers_the_foundry():
    plain = chips.bargain([Customer("a", 1.0), Customer("b", 1.0)], 1.0)
    other = chips.bargain([Customer("a", 1.0, outside_usd=0.2), Customer("b", 1.0)], 1.0)
    assert other.customer_usd["a"] > max(0.2, plain.customer_usd["a"])
    assert other.foundry_usd < plain.foundry_usd


def test_who_does_better_elsewhere_is_let_go():
    rivals = [Customer("a", 1.0), Customer("b", 0.5, outside_usd=5.0)]
    assert set(chips.best_customers(rivals, 1.0).wafers) == {"a"}
    with pytest.raises(ValueError, match="does better without some of them"):
        chips.bargain(rivals, 1.0)


@given(st.floats(0.01, 1e3), st.floats(0.01, 10))
def test_the_buyer_adds_kinds_while_the_next_pays_its_port(surplus, port):
    gains = [surplus * n / (n + 1) - port * (n - 1) for n in range(1, 400)]
    n = chips.kinds_of_chips_count(surplus, port)
    assert gains[int(n) - 1] == pytest.approx(max(gains), abs=1e-9 * surplus)


def test_kinds_of_chips_at_the_limits_and_in_arrays():
    kinds = chips.kinds_of_chips_count(np.array([6.0, 6.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    assert kinds.tolist() == [2.0, math.inf, 1.0]


def test_without_risk_aversion_the_best_margin_takes_all():
    sigma = np.diag([9.0, 1.0, 1.0])
    assert chips.allocate_wafers([3, 2, 1], sigma, risk_aversion=0).tolist() == [1, 0, 0]
    capped = chips.allocate_wafers([3, 2, 1], sigma, risk_aversion=0, most_share=[0.6, 0.3, 1])
    assert capped.tolist() == pytest.approx([0.6, 0.3, 0.1])


def test_infinite_risk_aversion_is_minimum_variance_by_closed_form():
    # Positive precisions: w ∝ Σ⁻¹1, with no bound binding.
    sigma = np.array([[4.0, 0.5, 0.2], [0.5, 2.0, 0.1], [0.2, 0.1, 1.0]])
    weights = np.linalg.solve(sigma, np.ones(3))
    got = chips.allocate_wafers([9, 1, 1], sigma, risk_aversion=math.inf)
    assert got == pytest.approx(weights / weights.sum(), abs=1e-5)
    near = chips.allocate_wafers([9, 1, 1], sigma, risk_aversion=1e6)
    assert near == pytest.approx(got, abs=1e-4)


def test_two_customers_by_closed_form():
    # w₁ = ½ + (μ₁ − μ₂)/(2λσ²) for independent margins of equal variance σ².
    got = chips.allocate_wafers([3.0, 2.5], 2.0 * np.eye(2), risk_aversion=0.5)
    assert got[0] == pytest.approx(0.5 + 0.5 / (2 * 0.5 * 2.0), abs=1e-6)


@given(MEANS, COVARIANCES, st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_no_point_of_a_grid_is_better(mean, sigma, dislike):
    def utility(w):
        return w @ mean - dislike / 2 * w @ sigma @ w

    got = chips.allocate_wafers(mean, sigma, risk_aversion=dislike)
    grid = [
        np.array([i, j, 20 - i - j]) / 20
        for i, j in itertools.product(range(21), repeat=2)
        if i + j <= 20
    ]
    best = max(map(utility, grid))
    assert utility(got) >= best - 1e-6 * (1 + abs(best))
    assert got.sum() == pytest.approx(1)
    assert (got >= 0).all()


@given(MEANS, COVARIANCES)
@settings(max_examples=20, deadline=None)
def test_more_dislike_of_risk_never_raises_the_variance(mean, sigma):
    variances = [
        (w := chips.allocate_wafers(mean, sigma, risk_aversion=dislike)) @ sigma @ w
        for dislike in (0, 0.1, 1, 10, math.inf)
    ]
    assert (np.diff(variances) <= 1e-5).all()


def test_shares_of_the_published_customers_sum_to_one():
    shares = [facts.value(f"supply-customers/{c}") for c in facts.ids("supply-customers")]
    assert sum(shares) == pytest.approx(1)


SIGMA = np.eye(2)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Customer("a", -1), "value_usd_per_wafer of a = -1"),
        (lambda: Customer("a", 1, most_wafers=1, least_wafers=2), "must be at most"),
        (lambda: chips.bargain([], 1), "must be one or more"),
        (lambda: chips.bargain([Customer("a", 1), Customer("a", 2)], 1), "all different"),
        (lambda: chips.bargain([Customer(str(k), 1) for k in range(13)], 1), "at most 12"),
        (lambda: chips.bargain([Customer("a", 1)], 0), "wafers = 0"),
        (lambda: chips.bargain([Customer("a", 1)], 1, power=1), "ends excluded"),
        (lambda: chips.bargain([Customer("a", 1, least_wafers=2)], 1), "must cover the least"),
        (lambda: chips.best_customers([Customer("a", 1, least_wafers=2)], 1), "must cover"),
        (lambda: chips.kinds_of_chips_count(-1, 1), "surplus_usd = -1"),
        (lambda: chips.allocate_wafers([1, 2], np.eye(3), risk_aversion=1), "must be (2, 2)"),
        (lambda: chips.allocate_wafers([1, 2], SIGMA, risk_aversion=-1), "risk_aversion = -1"),
        (lambda: chips.allocate_wafers([1, 2], -SIGMA, risk_aversion=1), "negative eigenvalue"),
        (
            lambda: chips.allocate_wafers([1, 2], [[1, 1], [0, 1]], risk_aversion=1),
            "finite and symmetric",
        ),
        (
            lambda: chips.allocate_wafers([1, 2], SIGMA, risk_aversion=1, most_share=0.4),
            "most_share sums to 0.8",
        ),
        (lambda: chips.allocate_wafers([1, math.nan], SIGMA, risk_aversion=1), "finite numbers"),
    ],
)
def test_impossible_bargains_are_refused(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
