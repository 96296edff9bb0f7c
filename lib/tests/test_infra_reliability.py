"""Goodput against a simulation, checkpoint intervals against Daly's figures and a search."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from supercycle import facts, infra

MINUTE = 60.0


def simulated_goodput(interval_s, checkpoint_s, restart_s, mtbi_s, *, segments, seed=0):
    """Play a job failure by failure: compute, save, fail, restart (and fail while restarting)."""
    rng = np.random.default_rng(seed)
    clock = done = 0.0
    to_failure = rng.exponential(mtbi_s)

    def run(length_s):
        """Advance until the work is done or the next failure strikes; say whether it was done."""
        nonlocal clock, to_failure
        if to_failure > length_s:
            clock += length_s
            to_failure -= length_s
            return True
        clock += to_failure
        to_failure = rng.exponential(mtbi_s)
        return False

    for _ in range(segments):
        while not run(interval_s + checkpoint_s):
            while not run(restart_s):
                pass
        done += interval_s
    return done / clock


@pytest.mark.parametrize(
    ("interval", "checkpoint", "restart", "mtbi", "segments"),
    [
        (117, 5, 10, 24 * 60, 30_000),  # a day between failures
        (20, 1, 5, 184, 60_000),  # sixteen thousand chips
        (9, 5, 10, 15, 20_000),  # Daly's figure 5
        (2.8, 1, 5, 6, 20_000),  # half a million chips
        (10, 1, 5, 6, 5_000),  # the same, saving far too seldom
    ],
)
def test_goodput_is_what_a_simulated_job_keeps(interval, checkpoint, restart, mtbi, segments):
    kept = simulated_goodput(interval, checkpoint, restart, mtbi, segments=segments)
    predicted = infra.goodput_daly_share(interval, checkpoint, restart, mtbi)
    assert predicted == pytest.approx(kept, rel=0.02)


@pytest.mark.parametrize(("mtbi_min", "figure_min"), [(24 * 60, 117), (6 * 60, 57), (15, 9.1)])
def test_dalys_estimate_gives_the_intervals_of_his_figures(mtbi_min, figure_min):
    # Daly (2006), figures 3 to 5: checkpoint 5 minutes; intervals as the captions round them.
    estimate = infra.daly_interval_s(5 * MINUTE, mtbi_min * MINUTE) / MINUTE
    assert estimate == pytest.approx(figure_min, abs=0.5 if figure_min > 10 else 0.05)
    exact = infra.optimum_interval_s(5 * MINUTE, mtbi_min * MINUTE) / MINUTE
    assert exact == pytest.approx(estimate, rel=0.005)


@given(st.floats(1, 1000), st.floats(0.02, 1e5), st.floats(0, 5))
def test_the_exact_interval_is_the_best_that_a_search_finds(checkpoint, ratio, restart):
    mtbi = checkpoint * ratio
    exact = infra.optimum_interval_s(checkpoint, mtbi)

    def lost(log_interval):
        return -np.log(infra.goodput_daly_share(np.exp(log_interval), checkpoint, restart, mtbi))

    found = minimize_scalar(lost, bounds=(np.log(exact) - 3, np.log(exact) + 3), method="bounded",
                            options={"xatol": 1e-10})  # fmt: skip
    assert np.exp(found.x) == pytest.approx(exact, rel=1e-3)
    assert lost(np.log(exact)) <= found.fun + 1e-12


@given(st.floats(1e-12, 1e3))
def test_the_exact_interval_solves_its_equation_for_all_sizes(ratio):
    u = infra.optimum_interval_s(ratio, 1.0)
    assert 0 < u <= 1
    # u + ln(1 − u) = −δ/M; by its series where the difference would lose all digits.
    if ratio < 20:  # beyond, 1 − u has too few digits to take its logarithm
        left = -(u**2 / 2 + u**3 / 3 + u**4 / 4) if u < 1e-3 else u + np.log1p(-u)
        assert left == pytest.approx(-ratio, rel=1e-6)


def test_young_is_the_limit_of_rare_failures_and_too_long_elsewhere():
    ratio = np.array([1e-6, 1e-3, 1 / 6])
    too_long = infra.young_interval_s(ratio, 1.0) / infra.optimum_interval_s(ratio, 1.0) - 1
    assert too_long[0] == pytest.approx(0, abs=1e-3)
    assert (np.diff(too_long) > 0).all()
    assert too_long[2] > 0.2


def test_sixteen_thousand_chips_fail_every_three_hours_and_half_a_million_every_six_minutes():
    # 54 days / 419 = 3.09 h (Llama 3, table 5); times 16,384/500,000 = 6.08 min.
    assert infra.mtbi_s(16_384) == pytest.approx(54 * 86400 / 419)
    assert infra.mtbi_s(500_000) / MINUTE == pytest.approx(6.08, abs=0.01)


def test_the_rate_of_one_famous_job_lies_between_those_of_two_clusters():
    # Kokolis et al. (2024): 6.50 and 2.34 failures per thousand node-days, nodes of 8 A100; their
    # projections for the first: 1.8 h at 16,384 and 0.23 h at 131,072 accelerators.
    first, second = (float(facts.value(f"infrastructure/rsc{i}-rate")) for i in (1, 2))
    assert second < infra.interruption_rate_per_chip_s() < first
    hours = infra.mtbi_s(np.array([16_384, 131_072]), rate_per_chip_s=first) / 3600
    assert hours == pytest.approx([1.8, 0.23], rel=0.03)


def test_at_half_a_million_chips_the_square_root_promises_less_than_nothing():
    # δ = 1 min, R = 5 min: first order −40 %; the exact form leaves 23 %.
    mtbi = infra.mtbi_s(500_000)
    young = infra.young_interval_s(MINUTE, mtbi)
    first = infra.first_order_goodput_share(young, MINUTE, 5 * MINUTE, mtbi)
    assert first == pytest.approx(-0.40, abs=0.005)
    job = infra.job_goodput(500_000, checkpoint_s=MINUTE, restart_s=5 * MINUTE)
    assert job.goodput_share == pytest.approx(0.23, abs=0.005)
    played = simulated_goodput(job.interval_s, MINUTE, 5 * MINUTE, mtbi, segments=20_000)
    assert job.goodput_share == pytest.approx(played, rel=0.02)


def test_first_order_and_exact_agree_where_failures_are_rare():
    case = (600.0, 5.0, 60.0, 1e6)
    assert infra.first_order_goodput_share(*case) == pytest.approx(
        infra.goodput_daly_share(*case), abs=1e-4
    )


def test_the_published_ninety_per_cent_needs_checkpoints_within_half_a_minute():
    # Llama 3: effective time above 90 %. With a restart of five minutes the model allows 31 s of
    # waiting for each checkpoint, so the assumed minute is on the slow side.
    effective = float(facts.value("infrastructure/llama-effective"))
    fast, slow = infra.job_goodput(16_384, checkpoint_s=np.array([30.0, 60.0])).goodput_share
    assert slow < effective < fast


@given(st.floats(1, 1e6), st.floats(0, 1e3), st.floats(0, 1e4))
def test_without_failures_only_checkpoints_cost(interval, checkpoint, restart):
    limit = interval / (interval + checkpoint)
    assert infra.goodput_daly_share(interval, checkpoint, restart, np.inf) == limit
    nearly = infra.goodput_daly_share(interval, checkpoint, restart, 1e14)
    assert nearly == pytest.approx(limit, rel=1e-6)


@given(st.floats(1, 1e4), st.floats(0, 1e3), st.floats(0, 1e3), st.floats(1, 1e6))
def test_goodput_is_a_share_and_falls_with_everything_that_hurts(interval, save, back, mtbi):
    here = infra.goodput_daly_share(interval, save, back, mtbi)
    assert 0 <= here <= 1
    assert infra.goodput_daly_share(interval, save + 1, back, mtbi) <= here
    assert infra.goodput_daly_share(interval, save, back + 1, mtbi) <= here
    assert infra.goodput_daly_share(interval, save, back, mtbi * 1.1) >= here


def test_larger_jobs_keep_less_and_the_largest_job_is_the_root():
    chips = np.geomspace(100, 1e6, 30)
    assert (np.diff(infra.job_goodput(chips).goodput_share) < 0).all()
    for wanted in (0.3, 0.9, 0.99):
        size = infra.largest_job_chips(wanted)
        assert infra.job_goodput(size).goodput_share == pytest.approx(wanted, abs=1e-8)


def test_the_slowest_chip_multiplies_what_failures_leave():
    plain = infra.job_goodput(100_000)
    slowed = infra.job_goodput(100_000, throttle_probability=1e-4, slow_speed=0.8)
    # With 1e5 chips almost every step meets a throttled one.
    assert slowed.speed_share == pytest.approx(0.8, abs=1e-4)
    assert slowed.goodput_share == pytest.approx(plain.goodput_share * slowed.speed_share)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: infra.mtbi_s(0), "chips"),
        (lambda: infra.mtbi_s(10, rate_per_chip_s=-1), "rate_per_chip_s"),
        (lambda: infra.young_interval_s(0, 10), "checkpoint_s"),
        (lambda: infra.daly_interval_s(1, -1), "mtbi_s"),
        (lambda: infra.optimum_interval_s(float("nan"), 1), "checkpoint_s"),
        (lambda: infra.goodput_daly_share(0, 1, 1, 1), "interval_s"),
        (lambda: infra.goodput_daly_share(1, -1, 1, 1), "checkpoint_s"),
        (lambda: infra.goodput_daly_share(1, 1, 1, 0), "mtbi_s"),
        (lambda: infra.job_goodput(10, rate_per_chip_s=0), "rate_per_chip_s"),
        (lambda: infra.job_goodput(10, throttle_probability=2), "throttle_probability"),
        (lambda: infra.largest_job_chips(1.0), "goodput_share"),
        (lambda: infra.largest_job_chips(0.9, rate_per_chip_s=1.0), "one chip alone"),
    ],
)
def test_impossible_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
