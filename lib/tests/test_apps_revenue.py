"""Revenue from watts, and what a revenue figure means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from supercycle import apps, facts

OPENAI = {
    year: {
        name: facts.value(f"compute-revenue/openai-{name}-{year}")
        for name in ("exit-rate-revenue", "it-power", "compute")
    }
    for year in (2023, 2024, 2025)
}


def test_a_gigawatt_year_at_a_token_per_joule_and_a_dollar_per_million_is_31_5_billion():
    # 1e9 W × 31,536,000 s = 3.1536e16 J, worked by hand
    assert apps.revenue_usd_per_year(1e9, 1, 1, 1.0, 1.0) == pytest.approx(3.1536e10)


def test_nothing_sold_earns_nothing():
    assert apps.revenue_usd_per_year(1e9, 0, 1, 1.0, 1.0) == 0


def test_revenue_broadcasts_over_arrays():
    revenue = apps.revenue_usd_per_year(
        np.array([[1e9], [2e9]]), np.array([0.2, 0.4, 0.8]), 0.5, 1, 1
    )
    assert revenue.shape == (2, 3)
    assert revenue[1, 2] == pytest.approx(8 * revenue[0, 0])


@pytest.mark.parametrize(("year", "tolerance"), [(2024, 0.02), (2025, 0.12)])
def test_most_of_the_gap_between_two_revenues_is_calculus(year, tolerance):
    # audited revenue: 3.7 bn (2024), 13.07 bn (2025); the prediction uses the exit rates alone
    published = facts.value(f"compute-revenue/openai-recognised-revenue-{year}")
    start, end = (OPENAI[y]["exit-rate-revenue"] for y in (year - 1, year))
    assert apps.recognised_usd(start, end) == pytest.approx(published, rel=tolerance)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 50))
def test_recognised_share_is_the_mean_of_an_exponential(growth):
    mean, _ = quad(lambda t: growth ** (t - 1), 0, 1)
    assert apps.recognised_share(growth) == pytest.approx(mean, rel=1e-6)


def test_without_growth_exit_rate_and_recognised_revenue_agree():
    assert apps.recognised_usd(5e9, 5e9) == pytest.approx(5e9)
    assert apps.recognised_usd(5e9, 5e9 * (1 + 1e-9)) == pytest.approx(5e9)


def test_revenue_per_gigawatt_stayed_about_ten_billion_for_three_years():
    per_watt = [
        apps.revenue_per_power(row["exit-rate-revenue"], row["it-power"]) for row in OPENAI.values()
    ]
    assert np.ptp(per_watt) / np.mean(per_watt) < 0.06
    for year, number in zip(OPENAI, per_watt, strict=True):
        published = facts.value(f"compute-revenue/openai-exit-rate-revenue-per-power-{year}")
        assert number == pytest.approx(published, rel=1e-3)


def test_revenue_per_accelerator_fell_while_revenue_rose():
    # 19.5, 15.5 and 11.5 thousand USD per H100-equivalent, from Epoch AI's counts
    per_chip = [row["exit-rate-revenue"] / row["compute"] for row in OPENAI.values()]
    assert per_chip == pytest.approx([19.5e3, 15.5e3, 11.5e3], rel=0.01)


def test_compute_and_revenue_correlate_no_better_than_a_placebo():
    power = [row["it-power"] for row in OPENAI.values()]
    revenue = [row["exit-rate-revenue"] for row in OPENAI.values()]
    placebo = apps.placebo_correlations(3, growth_low=2, growth_high=4, samples=4000, seed=1)
    assert np.median(placebo) > 0.98
    assert np.mean(placebo > apps.correlation(power, revenue)) > 0.01


def test_placebo_matches_an_independent_correlation():
    r = apps.placebo_correlations(5, growth_low=1, growth_high=4, samples=3, seed=7)
    draw = np.random.default_rng(7).uniform(1, 4, (2, 3, 4))
    for i in range(3):
        x, y = (np.concatenate([[1], np.cumprod(draw[k, i])]) for k in (0, 1))
        assert r[i] == pytest.approx(np.corrcoef(x, y)[0, 1])


@settings(max_examples=15, deadline=None)
@given(st.floats(1.01, 30))
def test_growth_can_be_read_back_from_the_recognised_share(growth):
    assert apps.implied_growth(apps.recognised_share(growth)) == pytest.approx(growth, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: apps.revenue_usd_per_year(-1, 0.5, 0.5, 1, 1), "power_w"),
        (lambda: apps.revenue_usd_per_year(1e9, 1.5, 0.5, 1, 1), "share_sold"),
        (lambda: apps.revenue_usd_per_year(1e9, 0.5, np.nan, 1, 1), "utilisation"),
        (lambda: apps.revenue_usd_per_year(1e9, 0.5, 0.5, 1, None), "price_usd_per_mtok"),
        (lambda: apps.recognised_usd(0, 1e9), "arr0"),
        (lambda: apps.revenue_per_power(1e9, 0), "power_w"),
        (lambda: apps.growth_correlation([1, 2, 4], [1, 3, 9]), "at least 4"),
        (lambda: apps.growth_correlation([1, 2, 4, 8], [1, 3, 9, 10]), "constant rate"),
        (lambda: apps.correlation([1, 2, 3], [1, 2]), "at least 3"),
        (lambda: apps.implied_growth(1.2), "recognised_to_exit"),
        (lambda: apps.placebo_correlations(2, growth_low=1, growth_high=2), "points"),
    ],
)
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
