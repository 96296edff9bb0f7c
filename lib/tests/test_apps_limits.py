"""Rate limits as peak-load pricing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from supercycle import apps, facts

BLOCKS = 1000


def _linear(choke_usd):
    """Demand p = choke − q in fine steps: one token in BLOCKS for each step of the price."""
    width = max(choke_usd) / BLOCKS
    value = np.stack([c - width * (np.arange(BLOCKS) + 0.5) for c in choke_usd])
    return np.where(value > 0, width, 0.0), np.maximum(value, 0.0)


@pytest.mark.parametrize(
    ("capacity_cost", "prices", "capacity"),
    [
        # p₁ = 10 − q, p₂ = 6 − q, running cost 1; Steiner (1957), solved by hand:
        (3.0, (4.0, 1.0), 6.0),  # firm peak: the peak pays all capacity
        (6.0, (6.0, 2.0), 4.0),  # shifting peak: 5 + 1 = 6, both share it
    ],
)
def test_peak_load_prices_equal_steiners_closed_form(capacity_cost, prices, capacity):
    demand, value = _linear((10.0, 6.0))
    day = apps.peak_load(
        demand, value, running_usd_per_mtok=1.0, capacity_usd_per_mtok=capacity_cost
    )
    assert day.price_usd_per_mtok == pytest.approx(prices, abs=0.02)
    assert day.capacity_tokens == pytest.approx(capacity, abs=0.02)
    assert day.shadow_usd_per_mtok.sum() == pytest.approx(capacity_cost)  # Boiteux


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_surplus_equals_the_dual_value(seed):
    # strong duality: capacity rent plus what each block gains beyond the hour's price
    rng = np.random.default_rng(seed)
    demand, value = rng.uniform(0, 9e6, (6, 4)), rng.uniform(0, 20, 4)
    day = apps.peak_load(demand, value, capacity_tokens=15e6, running_usd_per_mtok=2.0)
    gain = np.maximum(0, value - day.price_usd_per_mtok[:, None])
    dual = (day.shadow_usd_per_mtok.sum() * 15e6 + (gain * demand).sum()) / 1e6
    assert day.surplus_usd == pytest.approx(dual, rel=1e-9)


def test_shadow_price_equals_a_finite_difference():
    demand = np.array([[3e6, 3e6], [8e6, 9e6]])
    args = dict(value_usd_per_mtok=[20.0, 5.0], running_usd_per_mtok=1.0)
    base, more = (apps.peak_load(demand, capacity_tokens=k, **args) for k in (10e6, 10.1e6))
    difference = (more.surplus_usd - base.surplus_usd) / 0.1
    assert base.shadow_usd_per_mtok.sum() == pytest.approx(difference)


def test_a_token_is_free_at_three_in_the_morning_and_dear_at_three_in_the_afternoon():
    hour = np.arange(24)
    load = 1 + 0.6 * np.cos((hour - 15) / 24 * 2 * np.pi)  # the peak is at 15:00
    day = apps.peak_load(np.outer(load, [3e6, 4e6, 3e6]), [30.0, 10.0, 2.0], capacity_tokens=8e6)
    assert day.shadow_usd_per_mtok[3] == 0
    assert day.shadow_usd_per_mtok[15] == 10.0  # the customer turned away at the margin


def test_a_published_tariff_charges_the_peak_twice_the_night():
    peak, night = (
        facts.value(f"prices/deepseek-v4-pro-{when}-2026-09-15/output_usd_per_mtok")
        for when in ("peak", "off-peak")
    )
    assert peak / night == pytest.approx(2.0)


demands = st.lists(st.floats(0, 1e6), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(demands, st.floats(0.0, 0.99))
def test_the_fair_limit_uses_the_capacity_exactly(users, part):
    capacity = part * sum(users)
    limit = apps.fair_limit_tokens(users, capacity)
    if capacity < sum(users):
        assert apps.served_tokens(users, limit) == pytest.approx(capacity, rel=1e-9, abs=1e-6)


def test_the_fair_limit_equals_a_root_found_numerically():
    users = np.random.default_rng(3).lognormal(8, 1.5, 500)
    capacity = 0.6 * users.sum()
    root = brentq(lambda x: np.minimum(users, x).sum() - capacity, 0, users.max())
    assert apps.fair_limit_tokens(users, capacity) == pytest.approx(root)


@settings(max_examples=20, deadline=None)
@given(demands, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_capacity_never_tightens_the_limit(users, less, extra):
    assert apps.fair_limit_tokens(users, less + extra) >= apps.fair_limit_tokens(users, less) - 1e-9


def test_with_capacity_to_spare_there_is_no_limit():
    assert apps.fair_limit_tokens([1.0, 2.0], 3.0) == np.inf


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: apps.peak_load([1.0], [1.0], capacity_tokens=1), "demand_tokens"),
        (lambda: apps.peak_load([[1.0]], [1.0, 2.0], capacity_tokens=1), "value_usd_per_mtok"),
        (lambda: apps.peak_load([[-1.0]], [1.0], capacity_tokens=1), "demand_tokens"),
        (lambda: apps.peak_load([[1.0]], [1.0]), "exactly one"),
        (lambda: apps.peak_load([[1.0]], [1.0], capacity_usd_per_mtok=0), "capacity_usd"),
        (lambda: apps.fair_limit_tokens([], 1.0), "demand_tokens"),
        (lambda: apps.fair_limit_tokens([1.0], -1.0), "capacity_tokens"),
    ],
)
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
