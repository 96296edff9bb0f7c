"""Sweeps give the same numbers whoever computes them, and intervals that hold what they promise."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from supercycle.cluster import Fleet, Station, arrivals, simulate
from supercycle.cluster import sweep as sw


def wait(servers, seed):
    """Mean wait in a small M/M/c: a simulation that another process can import."""
    rng = np.random.default_rng(seed)
    times = arrivals.poisson_arrivals_s(0.7 * servers, 300.0, seed=rng)
    table = pd.DataFrame({"arrival_s": times, "service_s": rng.exponential(1.0, times.size)})
    result = simulate(table, Fleet.of(Station(slots=servers)))
    return {"wait_s": result.requests.queue_s.mean(), "requests": times.size}


CASES = sw.grid(servers=[1, 2, 4])


@pytest.fixture(scope="module")
def serial():
    return sw.sweep(wait, CASES, replications=3, seed=5, workers=1, progress=False)


def test_rows_stand_in_the_order_of_cases_and_replications(serial):
    assert serial.servers.tolist() == [1, 1, 1, 2, 2, 2, 4, 4, 4]
    assert serial.replication.tolist() == [0, 1, 2] * 3
    assert serial.seed.tolist() == sw.replication_seeds(5, 3) * 3


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_processes_gives_the_same_bytes(serial, workers):
    found = sw.sweep(wait, CASES, replications=3, seed=5, workers=workers, progress=False)
    pd.testing.assert_frame_equal(found, serial, check_exact=True)


def test_the_order_of_the_cases_changes_nothing_but_the_order(serial):
    found = sw.sweep(wait, CASES[::-1], replications=3, seed=5, workers=2, progress=False)
    again = found.sort_values(["servers", "replication"], ignore_index=True)
    pd.testing.assert_frame_equal(again, serial, check_exact=True)


def test_more_replications_leave_the_first_as_they_were(serial):
    more = sw.sweep(wait, CASES[:1], replications=5, seed=5, workers=1, progress=False)
    pd.testing.assert_frame_equal(more[:3], serial[:3], check_exact=True)


def test_a_dask_cluster_gives_the_same_bytes(serial):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:  # fmt: skip
        address = cluster.scheduler_address
        assert address.startswith("tcp://")
        found = sw.sweep(wait, CASES, replications=3, seed=5, scheduler=address, progress=False)
    pd.testing.assert_frame_equal(found, serial, check_exact=True)


def test_a_function_of_this_moment_can_be_swept_too():
    pytest.importorskip("cloudpickle")
    power = 3
    found = sw.sweep(lambda x, seed: {"y": x**power}, sw.grid(x=[1, 2]), workers=2, progress=False)
    assert found.y.tolist() == [1, 8]


def test_progress_counts_every_run(capsys):
    sw.sweep(wait, CASES[:1], replications=2, workers=1)
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize("workers", [1, 2])
def test_a_wrong_case_is_named(workers):
    def broken(servers, seed):
        raise ValueError("servers: too many")

    pytest.importorskip("cloudpickle")
    with pytest.raises(ValueError, match=r"case 0 \(servers=9\), seed \d+: servers: too many"):
        sw.sweep(broken, sw.grid(servers=[9]), replications=2, workers=workers, progress=False)


def test_intervals_hold_the_truth_as_often_as_they_say():
    # 4,000 samples of 8 normal numbers: coverage is binomial around 90 %.
    rng = np.random.default_rng(1)
    held = [0.0 in sw.interval(rng.normal(size=8), confidence=0.9) for _ in range(4000)]
    assert np.mean(held) == pytest.approx(0.9, abs=5 * np.sqrt(0.09 / 4000))


def test_an_interval_is_scipys():
    samples = [3.1, 2.7, 4.4, 3.9]
    low, high = stats.t.interval(0.99, 3, np.mean(samples), stats.sem(samples))
    found = sw.interval(samples, confidence=0.99)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_intervals_of_a_sweep_stand_by_case(serial):
    table = sw.intervals(serial, ["wait_s"], by=["servers"])
    assert table.index.tolist() == [1, 2, 4]
    ours = sw.interval(serial[serial.servers == 2].wait_s)
    assert table.loc[2, ("wait_s", "high")] == ours.high


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sw.sweep(wait, []), "at least one case"),
        (lambda: sw.sweep(wait, CASES, replications=0), "replications = 0"),
        (lambda: sw.sweep(wait, CASES, workers=0), "workers = 0"),
        (lambda: sw.interval([1.0]), "at least two finite"),
        (lambda: sw.interval([1.0, np.nan]), "at least two finite"),
        (lambda: sw.interval([1.0, 2.0], confidence=95), "confidence = 95"),
    ],
)
def test_an_impossible_sweep_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
