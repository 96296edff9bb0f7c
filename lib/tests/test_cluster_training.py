"""Training jobs: steps, checkpoints, failures, and their power on the grid."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import cluster, energy
from supercycle.energy import TrainingJob

NOBODY = pd.DataFrame({"arrival_s": [], "input_tokens": [], "output_tokens": []})
FLEET = cluster.Fleet.of(cluster.Replica(cluster.StepTime(0.01), kv_tokens=1000, idle_w=50,
                                         prefill_w=100, decode_w=100))  # fmt: skip
PATTERN = TrainingJob(
    1000, 700, 300, compute_s=1.5, communicate_s=0.5, checkpoint_w=200, checkpoint_s=3.0,
    checkpoint_every_steps=10,
)  # fmt: skip


def test_without_failures_a_job_takes_its_steps_and_the_checkpoints_between():
    job = cluster.Job("train", PATTERN, steps=35, start_s=5.0)
    row = cluster.simulate(NOBODY, FLEET, jobs=(job,)).jobs.iloc[0]
    assert row["finish_s"] == pytest.approx(5.0 + 35 * 2.0 + 3 * 3.0)
    assert row["goodput_share"] == pytest.approx(70 / 79)
    assert (row["steps"], row["failures"]) == (35, 0)


def test_with_failures_a_job_takes_as_long_as_daly_says():
    # Daly (2006), exactly: a segment of work and checkpoint w under failures of mean M, restart R
    # free of failures, takes (M + R)(exp(w / M) − 1); the last segment has no checkpoint
    mtbf, restart, segments = 60.0, 7.0, 20
    job = cluster.Job("train", PATTERN, 10 * segments, mtbf_s=mtbf * 1000, restart_s=restart)
    times = [
        cluster.simulate(NOBODY, FLEET, jobs=(job,), seed=seed, sample_s=1e4).jobs["finish_s"][0]
        for seed in range(200)
    ]
    expected = (mtbf + restart) * ((segments - 1) * np.expm1(23.0 / mtbf) + np.expm1(20.0 / mtbf))
    assert abs(np.mean(times) - expected) < 3 * np.std(times, ddof=1) / np.sqrt(len(times))


def test_power_between_failures_is_the_power_of_the_job_that_energy_describes():
    job = cluster.Job("train", PATTERN, steps=100, mtbf_s=50_000, restart_s=6.0)
    result = cluster.simulate(NOBODY, FLEET, jobs=(job,), seed=2, sample_s=0.25)
    table = result.timeline[result.timeline["pool"] == "train"]
    power, running = table["power_w"].to_numpy(), table["running"].to_numpy()
    assert result.jobs["failures"][0] > 0
    first = np.flatnonzero(np.diff(running) == -1)[0]  # the first failure
    moments = table["time_s"].to_numpy()[: first + 1]
    np.testing.assert_array_equal(power[: first + 1], energy.job_power_w(PATTERN, moments))
    down = (running == 0) & (table["time_s"].to_numpy() < result.jobs["finish_s"][0])
    assert set(power[down]) == {300e3}


def test_energy_of_a_job_is_the_area_under_its_power():
    job = cluster.Job("train", PATTERN, steps=100, mtbf_s=50_000, restart_s=6.0)
    result = cluster.simulate(NOBODY, FLEET, jobs=(job,), seed=2, sample_s=0.01)
    area = result.timeline.query("pool == 'train'")["power_w"].sum() * 0.01
    assert result.jobs["energy_j"][0] == pytest.approx(area, rel=1e-3)


def test_the_power_trace_goes_straight_into_a_battery():
    # S6: what a battery must hold follows from the simulated trace, and it does hold it
    job = cluster.Job("train", PATTERN, steps=40)
    result = cluster.simulate(NOBODY, FLEET, jobs=(job,), sample_s=0.5)
    trace = result.power_trace_w()
    step = trace.index[1] - trace.index[0]
    ramp = 50e3
    assert energy.max_ramp_w_per_s(trace, step) > ramp
    smooth = energy.smooth(trace.to_numpy(), step, ramp, periodic=False)
    assert energy.max_ramp_w_per_s(smooth.grid_w, step) <= ramp * (1 + 1e-6)


@given(st.integers(1, 200), st.floats(0, 1000))
def test_steps_done_by_a_time_are_those_whose_time_has_passed(steps, slack):
    job = cluster.Job("train", PATTERN, steps=10**6)
    elapsed = job.time_s(steps) + min(slack, 1.9)
    made, safe = job.done_by(elapsed + 1e-9)
    assert made in (steps, steps + (slack >= 2))
    assert safe == (made - 1) // 10 * 10 or safe == made // 10 * 10


def test_stopping_early_reports_what_is_done():
    job = cluster.Job("train", PATTERN, steps=1000)
    row = cluster.simulate(NOBODY, FLEET, jobs=(job,), until=100.0).jobs.iloc[0]
    assert row["steps"] == 44  # four periods of 23 s, and 8 s
    assert np.isnan(row["finish_s"])


def test_impossible_jobs_are_named():
    with pytest.raises(ValueError, match="steps = 0: must be a whole number ≥ 1"):
        cluster.Job("train", PATTERN, steps=0)
    with pytest.raises(ValueError, match="mtbf_s = 0"):
        cluster.Job("train", PATTERN, steps=1, mtbf_s=0)
