"""What holds for every simulation, whatever is in it; and runs of steps equal single steps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import apps, cluster
from supercycle.cluster.engine import Engine
from supercycle.cluster.replica import Server
from supercycle.cluster.world import World
from supercycle.energy import TrainingJob

SIZE = 32  # tokens of a prefix block

GRAPH = cluster.TaskGraph(
    apps.task_graph("abcde", [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "e")]),
    {
        "a": cluster.ModelCall(50, 20),
        "b": cluster.ToolCall(0.3, "cpu"),
        "c": cluster.ModelCall(30, 5),
        "d": cluster.Human(0.5),
        "e": cluster.ModelCall(100, 30),
    },
)


def traffic(seed: int, n: int, decimals: int, prefixes: bool, graphs: bool) -> pd.DataFrame:
    """Requests of five users, some of which share the beginning of their prompts."""
    rng = np.random.default_rng(seed)
    prompts = rng.integers(1, 300, n)
    ids = []
    for i, prompt in enumerate(prompts):
        whole = prompt // SIZE
        shared, family = rng.integers(0, whole + 1), 1000 * rng.integers(4)
        ids.append(
            [family + j for j in range(shared)] + [10**6 * (i + 1) + j for j in range(whole)]
        )
    frame = pd.DataFrame(
        {
            # rounded moments coincide with each other and with the ends of steps
            "arrival_s": np.sort(np.round(rng.exponential(0.06, n).cumsum(), decimals)),
            "input_tokens": prompts,
            "output_tokens": rng.integers(1, 200, n),
            "session": rng.integers(0, 5, n),
            "priority": rng.integers(0, 3, n),
            "hash_ids": ids,
        }
    )
    if not prefixes:
        frame = frame.drop(columns="hash_ids")
    if graphs:
        frame["graph"] = [GRAPH if rng.random() < 0.2 else None for _ in range(n)]
    return frame


@st.composite
def scenarios(draw):
    """Everything at once: small caches, chunks, tiers, failures, caps, queues, pools, graphs."""
    pick = lambda *choices: draw(st.sampled_from(choices))  # noqa: E731
    replica = cluster.Replica(
        pick(cluster.StepTime(0.01), cluster.StepTime(0.01, 1e-4, 1e-6, 1e-4, 1e-7)),
        kv_tokens=draw(st.integers(512, 2500)),
        max_batch=draw(st.integers(2, 20)),
        token_budget=draw(st.integers(20, 400)),
        block_tokens=pick(1, 8, 16, 32),
        prefix_block_tokens=SIZE,
        kv_bytes_per_token=100.0,
        preemption=pick("recompute", "swap"),
        host_bytes_per_s=pick(1e5, 1e7),
        watermark_share=pick(0.0, 0.01, 0.1),
        tiers=pick(
            (),
            (cluster.Tier("dram", 2e5, 1e6),),
            (cluster.Tier("dram", 1e5, 1e7), cluster.Tier("flash", 1e6, 1e6)),
        ),
        idle_w=100,
        prefill_w=700,
        decode_w=500,
        usd_per_hour=2,
    )
    failures = pick(None, cluster.Failures(3.0, 0.5), cluster.Failures(1.0, 0.3))
    shared = {
        "queue": pick("fifo", "priority", "fair"),
        "failures": failures,
        "throttles": pick((), (cluster.Throttle(1.0, 2.5, 400.0), cluster.Throttle(3.0, 3.1, 150))),
    }
    scale = pick(None, cluster.Autoscale(1, 4, 2000.0, 0.5, 0.7))
    cpu = cluster.Pool("cpu", cluster.Station(2, 10, 5), queue=shared["queue"], failures=failures)
    if draw(st.booleans()):
        pools = (cluster.Pool("main", replica, 2, autoscale=scale, **shared), cpu)
    else:
        pools = (
            cluster.Pool("prefill", replica, 2, role="prefill", **shared),
            cluster.Pool("decode", replica, 2, role="decode", autoscale=scale, **shared),
            cpu,
        )
    jobs, cap_w = (), np.inf
    if draw(st.booleans()):
        pattern = TrainingJob(10, 700, 300, 0.2, 0.1, 200, 0.3, 5)
        jobs = (cluster.Job("train", pattern, 40, mtbf_s=30.0, restart_s=0.4),)
        cap_w = pick(np.inf, 7000 + 6 * 650)
    fleet = cluster.Fleet(
        pools,
        network=cluster.Network(pick(1e5, 1e7), pick(0, 0.01)),
        rate_limit=pick(None, cluster.RateLimit(500, 2000, 0.3)),
        power_cap_w=cap_w,
    )
    requests = traffic(
        draw(st.integers(0, 2**31)),
        draw(st.integers(0, 60)),
        pick(1, 2, 4, 9),
        draw(st.booleans()),
        draw(st.booleans()),
    )
    how = {
        "router": pick("round_robin", "least_tokens", "prefix_aware"),
        "seed": draw(st.integers(0, 9)),
        "jobs": jobs,
        "sample_s": 0.1,
    }
    return requests, fleet, how


def tables(result: cluster.Result) -> dict[str, pd.DataFrame]:
    return {
        name: getattr(result, name)
        for name in ("requests", "tasks", "timeline", "machines", "jobs")
    }


@settings(max_examples=60)
@given(scenarios(), st.sampled_from([None, None, 2.0]))
def test_runs_of_steps_equal_single_steps_to_the_last_bit(scenario, until):
    requests, fleet, how = scenario
    runs = cluster.simulate(requests, fleet, until=until, **how)
    steps = cluster.simulate(requests, fleet, until=until, exact=True, **how)
    for name, table in tables(runs).items():
        pd.testing.assert_frame_equal(table, tables(steps)[name], check_exact=True)
    assert (runs.end_s, runs.in_system_mean) == (steps.end_s, steps.in_system_mean)


@settings(max_examples=30)
@given(scenarios())
def test_every_request_ends_once_and_every_page_comes_back(scenario):
    requests, fleet, how = scenario
    ended: list[int] = []
    world = World(requests, fleet, how["router"], how["seed"], False, how["jobs"], how["sample_s"])
    finished = world.finished
    world.finished = lambda call: (ended.append(call), finished(call))  # type: ignore[method-assign]
    result = cluster.Result.of(world, world.run(None))
    assert len(ended) == len(set(ended))
    table = result.requests
    assert set(table["status"]) <= {"done", "limited"}
    plain = [i for i in range(len(requests)) if i not in world.calls.graphs]
    tasks = sum(
        len(GRAPH.tasks) for row in world.calls.graphs if table["status"].iloc[row] == "done"
    )
    done = int((table["status"].iloc[plain] == "done").sum())
    assert len(ended) == done + tasks
    for machine in world.machines:
        if isinstance(machine, Server):
            assert machine.free == machine.machine.pages
            assert machine.load == machine.batch == machine.context == sum(machine.growth) == 0
            assert not machine.running
            assert not machine.held
            assert machine.cache is None or not machine.cache.held
    used = result.timeline["memory_share"].dropna()
    assert ((used >= 0) & (used <= 1)).all()


@settings(max_examples=30)
@given(scenarios())
def test_littles_law_holds_in_every_result(scenario):
    # Little (1961): L = λ W. L is counted as requests come and go, λ W from the table of requests
    requests, fleet, how = scenario
    result = cluster.simulate(requests, fleet, **how)
    waited = result.requests["e2e_s"].fillna(0.0).sum()  # who is turned away stays no time
    assert result.in_system_mean * result.end_s == pytest.approx(waited, rel=1e-9, abs=1e-12)


@settings(max_examples=15)
@given(scenarios())
def test_the_same_seed_gives_the_same_bytes(scenario):
    requests, fleet, how = scenario
    once, again = (cluster.simulate(requests, fleet, **how) for _ in range(2))
    for name, table in tables(once).items():
        assert table.to_csv() == tables(again)[name].to_csv()


@settings(max_examples=30)
@given(scenarios())
def test_times_are_in_order_and_nobody_is_faster_than_the_machine(scenario):
    requests, fleet, how = scenario
    table = cluster.simulate(requests, fleet, **how).requests
    done = table[table["status"] == "done"]
    assert (done["queue_s"] >= 0).all()
    assert (done["ttft_s"].dropna() >= 0.01 - 1e-12).all()  # a step takes 10 ms at least
    assert (done["e2e_s"] >= done["ttft_s"].fillna(0) - 1e-12).all()
    assert (done["tpot_s"].dropna() >= 0.01 - 1e-9).all()
    assert (done["cached_tokens"] < done["input_tokens"]).all()
    assert (done["reloaded_tokens"] <= done["cached_tokens"]).all()


@settings(max_examples=30)
@given(scenarios())
def test_no_machine_idles_while_somebody_waits_who_could_run(scenario):
    requests, fleet, how = scenario
    plan, wrong = Engine.plan, []

    def watched(machine: Server) -> int:
        growing = machine.growth[machine.step % machine.block]
        short = growing > machine.free or bool(machine.loaded)
        ticks = plan(machine)
        if not ticks and machine.waiting:
            # an empty engine may only wait for caches under way, which hold its pages
            wrong.append(not (machine.loading or machine.sending))
        elif machine.waiting and machine.cache is None and not (short or machine.reading):
            # a place is free and no prompt is being read: then the head must lack pages
            head = machine.waiting[0]
            tokens = machine.calls.prompt[head] + machine.calls.emitted.get(head, 0)
            if head in machine.carried:
                tokens = machine.calls.prompt[head] + machine.calls.output[head]
                tokens -= machine.carried[head]
            growing = machine.growth[machine.step % machine.block]
            left = machine.free - growing - -(-tokens // machine.block)
            wrong.append(len(machine.running) < machine.max_batch and left >= machine.watermark)
        return ticks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "plan", watched)
        cluster.simulate(requests, fleet, **how)
    assert not any(wrong)


@settings(max_examples=30)
@given(scenarios())
def test_tokens_are_conserved(scenario):
    # each answer is written once, whatever is preempted, swapped, sent or lost in a failure
    requests, fleet, how = scenario
    written = 0
    settle, read = Engine.settle, Engine.read

    def count_steps(machine: Server) -> None:
        nonlocal written
        written += machine.batch * machine.steps
        settle(machine)

    def count_first(machine: Server, chunks: list) -> None:
        nonlocal written
        before = len(machine.reading)
        read(machine, chunks)
        written += before - len(machine.reading)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "settle", count_steps)
        patch.setattr(Engine, "read", count_first)
        table = cluster.simulate(requests, fleet, **how).requests
    assert written == table.loc[table["status"] == "done", "output_tokens"].sum()
