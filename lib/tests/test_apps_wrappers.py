"""Short the wrapper: margins that may be absorbed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from supercycle import apps

rates = st.floats(0, 0.5)


@settings(max_examples=30, deadline=None)
@given(rates, rates, rates, st.floats(0.5, 40), st.floats(0, 1))
def test_value_equals_the_discounted_expected_margin(hazard, discount, growth, horizon, kept):
    def flow(t):
        alive = np.exp(-hazard * t)
        return 5.0 * np.exp((growth - discount) * t) * (alive + kept * (1 - alive))

    expected, _ = quad(flow, 0, horizon, epsrel=1e-10)
    value = apps.wrapper_value_usd(
        5.0, hazard, discount_rate=discount, growth_rate=growth, horizon_years=horizon,
        salvage_share=kept,
    )  # fmt: skip
    assert value == pytest.approx(expected, rel=1e-7)


def test_value_equals_simulated_lives():
    life = np.random.default_rng(0).exponential(1 / 0.4, 400_000)
    simulated = (100 * (1 - np.exp(-0.1 * life)) / 0.1).mean()
    assert apps.wrapper_value_usd(100.0, 0.4, discount_rate=0.1) == pytest.approx(
        simulated, rel=0.01
    )


def test_without_hazard_a_wrapper_is_a_perpetuity_and_with_an_infinite_one_nothing():
    value = apps.wrapper_value_usd(
        100.0, np.array([0.0, np.inf]), discount_rate=0.1, growth_rate=0.05
    )
    assert value == pytest.approx([2000, 0])


def test_what_is_salvaged_survives_an_infinite_hazard():
    value = apps.wrapper_value_usd(100.0, np.inf, discount_rate=0.1, salvage_share=0.3)
    assert value == pytest.approx(300)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 2), st.floats(0.01, 0.3))
def test_the_price_tells_the_hazard(hazard, discount):
    price = apps.wrapper_value_usd(1.0, hazard, discount_rate=discount)
    assert apps.implied_hazard_per_year(price, 1.0, discount_rate=discount) == pytest.approx(hazard)


def test_half_of_all_wrappers_outlive_the_median():
    assert apps.survival_share(0.5, np.log(2) / 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: apps.wrapper_value_usd(1.0, -0.1, discount_rate=0.1), "hazard_per_year"),
        (lambda: apps.wrapper_value_usd(1.0, 0.0, discount_rate=0.1, growth_rate=0.2), "growth_rate"),
        (lambda: apps.wrapper_value_usd(1.0, 0.1, discount_rate=0.1, salvage_share=2), "salvage_share"),
        (lambda: apps.implied_hazard_per_year(0.0, 1.0, discount_rate=0.1), "value_usd"),
        (lambda: apps.implied_hazard_per_year(100.0, 1.0, discount_rate=0.1), "value_usd"),
    ],
)  # fmt: skip
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
