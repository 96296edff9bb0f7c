"""Machines that break, machines that slow down, and a site that shares its power."""

import numpy as np
import pandas as pd
import pytest

from supercycle import cluster
from supercycle.energy import TrainingJob, speed_under_cap_share

STEPS = cluster.StepTime(0.01, 1e-4, prefill_s=1e-4)
REPLICA = cluster.Replica(STEPS, kv_tokens=50_000, max_batch=32, idle_w=200, prefill_w=1000,
                          decode_w=700, usd_per_hour=3.6)  # fmt: skip


def traffic(n: int, rate: float, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "arrival_s": rng.exponential(1 / rate, n).cumsum(),
            "input_tokens": rng.geometric(1 / 200, n),
            "output_tokens": rng.geometric(1 / 60, n),
        }
    )


# -- failures -----------------------------------------------------------------------------------


def test_availability_is_mtbf_over_mtbf_and_repair():
    # renewal reward; e.g. Barlow and Proschan (1965), Mathematical Theory of Reliability
    mtbf, repair, machines = 50.0, 10.0, 40
    pool = cluster.Pool("main", REPLICA, machines, failures=cluster.Failures(mtbf, repair))
    result = cluster.simulate(traffic(50, 1.0), cluster.Fleet((pool,)), until=5000.0)
    shares = (result.machines["up_s"] / result.end_s).to_numpy()
    error = shares.std(ddof=1) / np.sqrt(machines)
    assert abs(shares.mean() - mtbf / (mtbf + repair)) < 3 * error


def test_a_failure_costs_a_request_its_cache_but_not_its_words():
    # alone in a pool: when the machine is back, it reads prompt and answer so far, and goes on
    pool = cluster.Pool("main", REPLICA, failures=cluster.Failures(mtbf_s=1.0, repair_s=0.25))
    frame = pd.DataFrame({"arrival_s": [0.0], "input_tokens": [500], "output_tokens": [900]})
    whole = cluster.simulate(frame, cluster.Fleet.of(REPLICA)).requests.iloc[0]
    broken = cluster.simulate(frame, cluster.Fleet((pool,)), seed=3).requests.iloc[0]
    restarts = int(broken["restarts"])
    assert restarts > 1
    assert broken["status"] == "done"
    lost = broken["e2e_s"] - whole["e2e_s"]
    # each failure costs the repair, at most one step under way, and at most one whole reading
    reading = 0.01 + 1400e-4
    assert restarts * 0.25 < lost < restarts * (0.25 + reading + 0.0101)
    starting_over = restarts * (0.25 + whole["e2e_s"] / 2)
    assert lost < starting_over


def test_others_take_over_when_a_machine_fails():
    failures = cluster.Failures(mtbf_s=20.0, repair_s=5.0)
    pool = cluster.Pool("main", REPLICA, 4, failures=failures)
    result = cluster.simulate(traffic(1500, 20.0), cluster.Fleet((pool,)), seed=1)
    table = result.requests
    assert (table["status"] == "done").all()
    assert table["restarts"].sum() > 0
    sound = cluster.simulate(traffic(1500, 20.0), cluster.Fleet.of(REPLICA, 4))
    assert table["e2e_s"].mean() > sound.requests["e2e_s"].mean()


def test_the_seed_decides_when_machines_fail_and_nothing_else_does():
    pool = cluster.Pool("main", REPLICA, 3, failures=cluster.Failures(20.0, 5.0))
    frame, fleet = traffic(300, 15.0), cluster.Fleet((pool,))
    ends = [
        cluster.simulate(frame, fleet, seed=seed).requests["finish_s"].sum() for seed in (1, 1, 2)
    ]
    assert ends[0] == ends[1] != ends[2]


# -- throttling ---------------------------------------------------------------------------------


def test_under_a_cap_steps_take_longer_by_the_clock_that_the_cap_allows():
    speed = speed_under_cap_share(1000, cap_w=500, static_w=200)
    pool = cluster.Pool("main", REPLICA, throttles=(cluster.Throttle(0.0, 1e6, 500.0),))
    frame = pd.DataFrame({"arrival_s": [0.001], "input_tokens": [300], "output_tokens": [50]})
    full = cluster.simulate(frame, cluster.Fleet.of(REPLICA)).requests.iloc[0]
    slow = cluster.simulate(frame, cluster.Fleet((pool,))).requests.iloc[0]
    for name in ("ttft_s", "tpot_s"):
        assert slow[name] == pytest.approx(full[name] / speed, rel=1e-9)


def test_a_cap_holds_from_the_next_step_and_ends_with_it():
    pool = cluster.Pool("main", REPLICA, throttles=(cluster.Throttle(1.0, 3.0, 500.0),))
    frame = pd.DataFrame({"arrival_s": [0.0], "input_tokens": [1], "output_tokens": [600]})
    result = cluster.simulate(frame, cluster.Fleet((pool,)), sample_s=0.05)
    power = result.timeline.set_index("time_s")["power_w"]
    assert power[0.1:0.95].eq(700).all()
    assert power[1.05:2.95].eq(500).all()
    assert power[3.1:5.0].eq(700).all()


def test_energy_is_the_area_under_the_power():
    failures = cluster.Failures(mtbf_s=8.0, repair_s=2.0)
    throttles = (cluster.Throttle(5.0, 12.0, 600.0),)
    pool = cluster.Pool("main", REPLICA, 2, failures=failures, throttles=throttles)
    step = 0.002
    result = cluster.simulate(traffic(200, 10.0), cluster.Fleet((pool,)), sample_s=step)
    area = result.timeline["power_w"].sum() * step
    assert result.machines["energy_j"].sum() == pytest.approx(area, rel=2e-3)


# -- a site's power -----------------------------------------------------------------------------


def test_a_training_job_slows_the_serving_beside_it_down_and_its_end_frees_it():
    pattern = TrainingJob(10, 700, 300, 0.8, 0.2)
    job = cluster.Job("train", pattern, steps=20)
    cap = 7000 + 2 * 500  # the job's peak, and half of what two replicas can draw
    frame = traffic(400, 12.0)
    fleet = cluster.Fleet((cluster.Pool("main", REPLICA, 2),), power_cap_w=cap)
    result = cluster.simulate(frame, fleet, jobs=(job,), sample_s=0.01)
    power = result.power_trace_w()
    assert power.max() <= cap + 1e-9
    ends = result.jobs["finish_s"][0]
    assert ends == pytest.approx(20.0)
    tpot, finish = result.requests["tpot_s"], result.requests["finish_s"]
    beside, after = tpot[finish < ends].mean(), tpot[result.requests["arrival_s"] > ends].mean()
    assert beside > 1.2 * after


def test_caps_that_no_clock_can_meet_are_named():
    with pytest.raises(ValueError, match=r"cap_w = 150\.0: must be above static_w"):
        cluster.Pool("main", REPLICA, throttles=(cluster.Throttle(0, 1, 150.0),))
    with pytest.raises(ValueError, match="end_s = 1: must be after start_s = 2"):
        cluster.Throttle(2, 1, 500)
    fleet = cluster.Fleet((cluster.Pool("main", REPLICA, 2),), power_cap_w=300.0)
    with pytest.raises(ValueError, match="must be above static_w"):
        cluster.simulate(traffic(5, 1.0), fleet)
    dark = cluster.Replica(STEPS, kv_tokens=1000)
    with pytest.raises(ValueError, match="for a cap on power to slow it"):
        cluster.Pool("main", dark, throttles=(cluster.Throttle(0, 1, 150.0),))
