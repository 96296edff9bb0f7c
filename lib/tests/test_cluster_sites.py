"""Sites: what the simulation says about pooling, phase and distance, beside the closed forms."""

import numpy as np
import pandas as pd
import pytest

from supercycle.cluster import (
    SLO,
    Fleet,
    Pool,
    Replica,
    Station,
    StepTime,
    simulate,
    sites,
    staffing,
)
from supercycle.cluster.workloads import Lengths, Lognormal
from supercycle.infra import sites as formulas

LENGTHS = Lengths(Lognormal(500, 0.5), Lognormal(100, 0.5))
DAY = 86_400.0


def regions(hours, rate=0.05, peak_to_mean=1.5, site=None):
    return [sites.Region(f"r{i}", rate, {site or f"s{i}": 0.02}, peak_to_mean, h)
            for i, h in enumerate(hours)]  # fmt: skip


def peak_over_mean(table, window_s=3600.0):
    counts = np.histogram(table.arrival_s, int(table.arrival_s.max() // window_s) + 1)[0]
    return counts.max() / counts.mean()


def test_requests_go_to_the_nearest_site_and_arrive_half_a_round_trip_later():
    near_far = sites.Region("west", 1.0, {"campus": 0.06, "edge": 0.01})
    far_only = sites.Region("west", 1.0, {"campus": 0.06})
    near, far = (
        sites.regional_requests([r], LENGTHS, 1000.0, seed=1) for r in (near_far, far_only)
    )
    assert set(near.pool) == {"edge"}
    assert set(far.pool) == {"campus"}
    np.testing.assert_allclose(far.arrival_s - near.arrival_s, 0.025, atol=1e-12)


def test_users_wait_a_round_trip_longer_than_the_site_knows():
    table = sites.regional_requests(regions([15], rate=1.0), LENGTHS, 200.0, seed=1)
    replica = Replica(StepTime(base_s=0.01, prefill_s=1e-5), kv_tokens=10**6)
    result = simulate(table, Fleet((Pool("s0", replica),)))
    seen = sites.seen_by_users(result, table)
    np.testing.assert_allclose(seen.requests.ttft_s - result.requests.ttft_s, 0.02, atol=1e-12)
    np.testing.assert_allclose(seen.requests.e2e_s - result.requests.e2e_s, 0.02, atol=1e-12)
    pd.testing.assert_series_equal(seen.requests.tpot_s, result.requests.tpot_s)


@pytest.mark.parametrize("hours", [[12, 12, 12], [4, 12, 20], [9, 12, 15]])
def test_pooled_peaks_are_as_high_as_the_sum_of_waves(hours):
    # infra.phase_penalty_share: separate sites need (1 + a)/(1 + a·|mean e^(2πih/24)|).
    table = sites.regional_requests(regions(hours, rate=0.5), LENGTHS, DAY, seed=2)
    together = 1.5 / (1 + formulas.phase_penalty_share(0.5, hours))
    # The highest of 24 hourly Poisson counts lies up to three deviations above its mean.
    noise = 3 / np.sqrt(len(table) / 24)
    assert together - noise < peak_over_mean(table) < together + 3 * noise


def test_surges_have_their_size_and_their_correlation():
    many = 400
    for correlation in (0.0, 0.6, 1.0):
        table = sites.regional_requests(
            regions([12, 12], rate=2.0, peak_to_mean=1.0), LENGTHS, many * 500.0, surge_cv=0.4,
            correlation=correlation, surge_s=500.0, seed=3,
        )  # fmt: skip
        edges = np.arange(many + 1) * 500.0
        counts = [np.histogram(t.arrival_s, edges)[0] for _, t in table.groupby("region")]
        # A Poisson count of mean 1,000·f: variance 1,000 + (1,000·0.4)².
        assert np.std(counts[0]) / np.mean(counts[0]) == pytest.approx(0.4, rel=0.15)
        # The correlation of lognormals: (e^(ρσ²) − 1)/(e^(σ²) − 1), less the Poisson noise.
        variance = np.log1p(0.16)
        expected = np.expm1(correlation * variance) / 0.16 / (1 + 1 / 160)
        assert np.corrcoef(counts)[0, 1] == pytest.approx(expected, abs=0.12)


def test_a_simulated_pool_needs_the_servers_of_queueing_theory():
    # Exponential service, 30 erlangs, at most 5 % may wait longer than half a service time.
    rng = np.random.default_rng(4)
    n = 30_000
    jobs = pd.DataFrame(
        {"arrival_s": np.cumsum(rng.exponential(1 / 30, n)), "service_s": rng.exponential(1.0, n)}
    )
    # Promise on the wait alone: the service itself is taken off as a negative round trip.
    jobs["rtt_s"] = -jobs.service_s
    found = sites.machines_for_slo_count(
        jobs, lambda c: Fleet.of(Station(c)), SLO(e2e_s=0.5), good_share=0.95
    )
    theory = staffing.servers_for_wait_count(30.0, 1.0, wait_s=0.5, late_share=0.05)
    assert abs(found - theory) <= 1


def test_splitting_costs_what_square_root_staffing_says():
    # Four sites of 16 erlangs or one of 64: each count within one of the exact M/M/c.
    rng = np.random.default_rng(5)

    def needed(load):
        n = int(300 * load)
        jobs = pd.DataFrame({
            "arrival_s": np.cumsum(rng.exponential(1 / load, n)), "service_s": rng.exponential(1.0, n),
        })  # fmt: skip
        jobs["rtt_s"] = -jobs.service_s
        return sites.machines_for_slo_count(
            jobs, lambda c: Fleet.of(Station(c)), SLO(e2e_s=0.2), good_share=0.9
        )

    exact = [
        staffing.servers_for_wait_count(a, 1.0, wait_s=0.2, late_share=0.1) for a in (16.0, 64.0)
    ]
    assert abs(needed(16.0) - exact[0]) <= 1
    assert abs(needed(64.0) - exact[1]) <= 2
    assert 4 * exact[0] > exact[1]


def test_one_campus_needs_fewer_machines_than_sites_that_peak_at_different_hours():
    hours = [3, 11, 19]
    replica = Replica(StepTime(base_s=0.02, sequence_s=1e-3, prefill_s=2e-4), kv_tokens=40_000,
                      max_batch=16, token_budget=512)  # fmt: skip
    slo = SLO(ttft_s=2.0)
    split = sites.regional_requests(
        regions(hours, rate=0.8, peak_to_mean=1.9), LENGTHS, DAY / 8, seed=6
    )
    # An eighth of a day holds the peak of one region and the trough of another.
    apart = 0
    for site, table in split.groupby("pool"):
        apart += sites.machines_for_slo_count(
            table.reset_index(drop=True), lambda n, s=site: Fleet((Pool(s, replica, n),)), slo
        )
    pooled = split.assign(pool="campus")
    together = sites.machines_for_slo_count(
        pooled, lambda n: Fleet((Pool("campus", replica, n),)), slo
    )
    assert together < apart, (together, apart)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sites.Region("r", 0.0, {"s": 0.1}), "rate_per_s of region 'r'"),
        (lambda: sites.Region("r", 1.0, {}), "at least one site"),
        (lambda: sites.Region("r", 1.0, {"s": -0.1}), "rtt_s of region 'r'"),
        (lambda: sites.Region("r", 1.0, {"s": 0.1}, peak_to_mean=3), "peak_to_mean = 3"),
        (lambda: sites.regional_requests([], LENGTHS, 1.0), "at least one"),
        (lambda: sites.regional_requests(regions([1, 2], site="s")[:1] * 2, LENGTHS, 1.0), "own name"),
        (lambda: sites.regional_requests(regions([1]), LENGTHS, 9.0, correlation=2), "correlation"),
        (
            lambda: sites.machines_for_slo_count(
                pd.DataFrame({"arrival_s": [0.0], "service_s": [5.0]}),
                lambda n: Fleet.of(Station(n)), SLO(e2e_s=1.0), most=4,
            ),
            "even 4 machines",
        ),
    ],
)  # fmt: skip
def test_impossible_sites_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
