"""Latency is money."""

import numpy as np
import pytest

from supercycle import apps, facts

# Brutlag (2009), Speed Matters for Google Web Search, Table 1
DELAYS_S = np.array([0.05, 0.10, 0.20, 0.40])
LOST = np.array([facts.value(f"apps/searches-lost-{round(1e3 * d)}-ms") for d in DELAYS_S])


def test_one_semi_elasticity_explains_the_published_search_experiment():
    fit = apps.fit_semi_elasticity(DELAYS_S, LOST)
    predicted = apps.demand_factor(
        DELAYS_S, baseline_s=0, semi_elasticity_per_s=fit.semi_elasticity_per_s,
        threshold_s=fit.threshold_s,
    ) - 1  # fmt: skip
    assert np.abs(predicted - LOST).max() < 0.0007  # the largest published loss is 0.0059


def test_the_longest_delay_is_predicted_from_the_shorter_ones():
    # 200 ms after the header and after the advertisements, and the short ones; 400 ms left out
    shorter = [0.05, 0.10, 0.20, 0.20]
    lost = [*LOST[:3], facts.value("apps/searches-lost-200-ms-post-ads")]
    fit = apps.fit_semi_elasticity(shorter, lost)
    predicted = apps.demand_factor(
        0.4, baseline_s=0, semi_elasticity_per_s=fit.semi_elasticity_per_s,
        threshold_s=fit.threshold_s,
    ) - 1  # fmt: skip
    assert predicted == pytest.approx(LOST[3], rel=0.25)


def test_fit_recovers_a_known_response():
    delay = np.linspace(0, 1, 11)
    fit = apps.fit_semi_elasticity(delay, np.exp(-0.05 * np.maximum(0, delay - 0.25)) - 1)
    assert fit.semi_elasticity_per_s == pytest.approx(0.05, rel=0.01)
    assert fit.threshold_s == pytest.approx(0.25, abs=0.01)


def test_at_the_baseline_latency_is_worth_nothing():
    assert apps.latency_value_usd_per_year(
        1e9, 0.5, baseline_s=0.5, semi_elasticity_per_s=0.02
    ) == 0  # fmt: skip


def test_below_the_threshold_nobody_pays_for_speed():
    assert apps.latency_value_usd_per_year(
        1e9, 0.05, baseline_s=0.10, semi_elasticity_per_s=0.02, threshold_s=0.10
    ) == 0  # fmt: skip


def test_a_slice_of_40_ms_at_20_billion_is_worth_about_twelve_million_by_web_search():
    # first order: 20e9 × 0.015 per second × 0.040 s = 12e6, worked by hand
    value = apps.latency_value_usd_per_year(
        20e9, 0.36, baseline_s=0.40, semi_elasticity_per_s=0.015
    )
    assert value == pytest.approx(12e6, rel=0.001)


def test_faster_never_earns_less():
    value = apps.latency_value_usd_per_year(
        1e9, np.linspace(0, 2, 50), baseline_s=0.5, semi_elasticity_per_s=0.02, threshold_s=0.2
    )
    assert (np.diff(value) <= 0).all()


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: apps.demand_factor(-1, baseline_s=0, semi_elasticity_per_s=1), "latency_s"),
        (lambda: apps.demand_factor(1, baseline_s=np.nan, semi_elasticity_per_s=1), "baseline_s"),
        (lambda: apps.fit_semi_elasticity([1, 2], [0, 0]), "added_delay_s"),
        (lambda: apps.fit_semi_elasticity([1, 2, 3], [0, 0, -1]), "usage_change"),
    ],
)
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
