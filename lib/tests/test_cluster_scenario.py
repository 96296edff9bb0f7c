"""Scenario files: each lab's runs, and what is wrong in one is said with its place."""

import copy
import functools
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from supercycle.cluster import SLO, Human, ModelCall, ToolCall, queueing, scenario_file
from supercycle.cluster.agent_traffic import Task, agent_requests
from supercycle.cluster.scenario_file import build_scenario, read_scenario

SCENARIOS = sorted((Path(__file__).resolve().parents[2] / "course/scenarios").glob("*.toml"))

CHAT = {
    "seed": 3,
    "traffic": {"arrivals": "poisson", "rate_per_s": 2.0, "duration_s": 60.0},
    "lengths": {"published": "azure-conversation"},
    "pool": [
        {"name": "chat", "count": 2, "replica": {"model": "llama-3.1-8b", "chip": "h100-sxm"}}
    ],
    "slo": {"ttft_s": 0.5},
}
STEPS = {"steps": {"base_s": 0.01}, "kv_tokens": 100_000}
AGENT = {
    "traffic": {"arrivals": "poisson", "rate_per_s": 0.5, "duration_s": 60.0},
    "task": [{"name": "think", "input_tokens": 500, "output_tokens": 20},
             {"name": "act", "after": ["think"], "time_s": 1.0, "pool": "tools"}],
    "agents": {"loop": ["think", "act"], "turns_mean": 3.0},
    "pool": [{"name": "model", "replica": STEPS}, {"name": "tools", "station": {"slots": 4}}],
}  # fmt: skip


def changed(table, path, value):
    """A copy of a scenario with one value set (or, with None, taken away)."""
    table = copy.deepcopy(table)
    place = table
    *way, last = path
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return table


@functools.cache
def run_of(name):
    scenario = read_scenario(next(p for p in SCENARIOS if p.stem == name))
    return scenario, scenario.run()


def test_there_is_a_scenario_for_each_lab_that_simulates():
    labs = {path.stem.split("-")[0] for path in SCENARIOS}
    assert {"lab04", "lab05", "lab06", "lab09"} <= labs
    assert {"lab04-edge", "lab04-campus"} <= {path.stem for path in SCENARIOS}


@pytest.mark.parametrize("name", [path.stem for path in SCENARIOS])
def test_every_scenario_of_the_course_runs_and_loses_no_request(name):
    scenario, result = run_of(name)
    found = result.summary(scenario.slo, scenario.price)
    assert len(result.requests) == len(scenario.requests) > 100
    assert set(result.requests.status) <= {"done", "unfinished"}
    if scenario.until_s is None:
        assert found.finished == found.requests
    assert 0.05 < found.good_share < 1  # a promise that a decision can move
    # Little's law: mean number in the system is rate times mean stay.
    if scenario.until_s is None and "rtt_s" not in scenario.requests:
        rate = found.finished / result.end_s
        assert found.in_system_mean == pytest.approx(
            queueing.littles_law_count(rate, found.e2e_mean_s), rel=1e-6
        )


def test_one_campus_keeps_more_of_its_promises_than_three_edge_sites():
    # The same requests and machines: pooling decides here, not distance (see the scenarios).
    (campus, pooled), (edge, apart) = run_of("lab04-campus"), run_of("lab04-edge")
    assert campus.requests.input_tokens.tolist() != []
    assert len(campus.requests) == len(edge.requests)
    assert len(pooled.machines) == len(apart.machines)
    good = [r.summary(campus.slo).good_share for r in (pooled, apart)]
    assert good[0] > good[1]


def test_training_shares_the_power_limit_and_loses_steps_to_failures():
    scenario, result = run_of("lab06-training-and-serving")
    job = result.jobs.iloc[0]
    assert job.failures >= 1
    assert job.lost_steps > 0
    # The cap holds at every sample, within the finite fleet's noise at the edges of a step.
    assert result.power_trace_w().max() <= scenario.fleet.power_cap_w * (1 + 1e-9)


def test_agents_wait_for_machines_more_than_people_work():
    _, result = run_of("lab05-agents")
    assert result.requests.human_wait_s.mean() > result.requests.human_s.mean()
    assert (result.requests.e2e_s >= result.requests.critical_path_s - 1e-6).all()


def test_the_same_file_gives_the_same_numbers_and_another_seed_others():
    first, again = build_scenario(CHAT), build_scenario(copy.deepcopy(CHAT))
    pd.testing.assert_frame_equal(first.run().requests, again.run().requests, check_exact=True)
    other = build_scenario(changed(CHAT, ["seed"], 4))
    assert not first.requests.equals(other.requests)


def test_keys_reach_the_things_they_name():
    table = changed(CHAT, ["pool", 0], {
        "name": "mixed", "count": 2, "queue": "fair", "router": "round_robin",
        "autoscale": {"least": 1, "most": 4, "target_load": 5000.0},
        "failures": {"mtbf_s": 1e4, "repair_s": 60.0},
        "throttles": [{"start_s": 1.0, "end_s": 2.0, "cap_w": 1200.0}],
        "replica": {"model": "llama-3.1-8b", "chip": "h100-sxm", "max_batch": 64, "usd_per_hour": 9.0,
                    "tiers": [{"name": "dram", "memory_bytes": 1e11, "bandwidth_bytes_per_s": 5e10}]},
    })  # fmt: skip
    table |= {"network": {"latency_s": 0.001}, "power_cap_w": 1e6, "until_s": 30.0, "sample_s": 1.0,
              "rate_limit": {"tokens_per_s": 1e4, "burst_tokens": 1e6}}  # fmt: skip
    scenario = build_scenario(table)
    pool = scenario.fleet.pools[0]
    assert (pool.machine.max_batch, pool.machine.usd_per_hour) == (64, 9.0)
    assert pool.machine.tiers[0].name == "dram"
    assert (pool.autoscale.most, pool.failures.repair_s, pool.throttles[0].cap_w) == (
        4,
        60.0,
        1200.0,
    )
    assert scenario.fleet.network.latency_s == 0.001
    assert (scenario.fleet.power_cap_w, scenario.fleet.rate_limit.burst_tokens) == (1e6, 1e6)
    assert scenario.run().end_s == pytest.approx(30.0)
    assert scenario.slo == SLO(ttft_s=0.5)


@pytest.mark.parametrize(
    ("traffic", "extra"),
    [
        ({"arrivals": "gamma", "rate_per_s": 2.0, "duration_s": 60.0, "cv": 3.0}, {}),
        ({"arrivals": "mmpp", "rates_per_s": [1, 9], "stays_s": [20, 5], "duration_s": 60.0}, {}),
        ({"arrivals": "diurnal", "rate_per_s": 0.5, "duration_s": 300.0, "peak_h": 1.0}, {}),
        ({"arrivals": "poisson", "rate_per_s": 0.5, "duration_s": 60.0},
         {"sessions": {"turns_mean": 3.0, "gap_s": 10.0},
          "lengths": {"prompt": {"median_tokens": 90, "sigma": 0.5},
                      "answer": {"median_tokens": 30, "sigma": 0.5}}}),
        ({"arrivals": "regions", "duration_s": 60.0},
         {"region": [{"name": "here", "rate_per_s": 2.0, "rtt_s": {"chat": 0.02}}]}),
    ],
)  # fmt: skip
def test_every_kind_of_traffic_can_be_written_down(traffic, extra):
    scenario = build_scenario({**CHAT, "traffic": traffic, **extra})
    assert len(scenario.requests) > 5
    assert scenario.run().summary().finished == len(scenario.requests)


def test_a_trace_beside_the_file_is_replayed_scaled_and_resampled(tmp_path):
    rows = "\n".join(f"2023-11-16 18:15:{i:02d}.0,{100 + i},{5 + i}" for i in range(30))
    (tmp_path / "azure.csv").write_text(f"TIMESTAMP,ContextTokens,GeneratedTokens\n{rows}\n")
    text = (
        '[traffic]\ntrace = "azure.csv"\nfactor = 2.0\n[[pool]]\n[pool.replica]\nkv_tokens = 9999\n'
    )
    path = tmp_path / "replay.toml"
    path.write_text(text + "[pool.replica.steps]\nbase_s = 0.01\n")
    scenario = read_scenario(path)
    np.testing.assert_allclose(scenario.requests.arrival_s, np.arange(30) / 2)
    assert scenario.requests.input_tokens.tolist() == list(range(100, 130))
    more = build_scenario(
        {"traffic": {"trace": "azure.csv", "resample_count": 200}, "pool": [{"replica": STEPS}]},
        folder=tmp_path,
    )
    assert len(more.requests) == 200
    lengths = build_scenario({**CHAT, "lengths": {"trace": "azure.csv"}}, folder=tmp_path)
    assert lengths.requests.input_tokens.between(100, 129).all()


def test_an_agents_loop_is_as_long_as_each_request_needs():
    scenario = build_scenario(AGENT)
    turns = scenario.requests.graph.map(lambda g: len(g.tasks) / 2)
    assert turns.min() == 1
    assert turns.nunique() > 2
    result = scenario.run()
    assert result.summary().finished == len(scenario.requests)
    # A chain of thinking (a prompt step and 19 more of 10 ms) and acting (1 s), turn after turn.
    alone = turns * (20 * 0.01 + 1.0)
    assert (result.requests.critical_path_s >= alone - 1e-6).all()


def test_what_stands_before_and_after_a_loop_waits_for_the_right_turn():
    plan = [Task("plan", input_tokens=10, output_tokens=1),
            Task("a", after=["plan"], input_tokens=100, grows_tokens=50, output_tokens=1),
            Task("b", after=["a"], time_s=1.0, pool="p"), Task("c", after=["a"], time_s=2.0, pool="p"),
            Task("end", after=["b", "c"], human_s=5.0)]  # fmt: skip
    graphs = agent_requests(
        np.arange(200.0), plan, loop=["a", "b", "c"], turns_mean=4.0, seed=1
    ).graph
    graph = next(g for g in graphs if len(g.tasks) == 2 + 3 * 3)
    edges = set(graph.graph.edges)
    assert (("plan", 0), ("a", 0)) in edges
    assert {(("b", 0), ("a", 1)), (("c", 0), ("a", 1))} <= edges
    assert {(("b", 2), ("end", 0)), (("c", 2), ("end", 0))} <= edges
    assert (("b", 0), ("end", 0)) not in edges
    assert [graph.work["a", k].input_tokens for k in range(3)] == [100, 150, 200]
    kinds = {task: type(work) for task, work in graph.work.items()}
    assert (kinds["plan", 0], kinds["b", 1], kinds["end", 0]) == (ModelCall, ToolCall, Human)
    mean_turns = np.mean([(len(g.tasks) - 2) / 3 for g in graphs])
    assert mean_turns == pytest.approx(4, abs=5 * np.sqrt(12 / 200))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (changed(CHAT, ["trafic"], {}), r"unknown key 'trafic': did you mean 'traffic'\?"),
        (changed(CHAT, ["traffic"], None), r"\[traffic\] is missing"),
        (changed(CHAT, ["pool"], None), r"\[\[pool\]\] is missing"),
        (changed(CHAT, ["pool"], []), r"\[\[pool\]\] is missing"),
        (changed(CHAT, ["pool"], {}), r"write \[\[pool\]\]"),
        (changed(CHAT, ["seed"], "one"), "seed = 'one'"),
        (changed(CHAT, ["traffic", "arrivals"], "posson"), "did you mean 'poisson'"),
        (changed(CHAT, ["traffic", "rate"], 1), r"\[traffic\]: unknown key 'rate': did you mean 'rate_per_s'"),
        (changed(CHAT, ["traffic", "duration_s"], None), r"\[traffic\]: duration_s missing"),
        (changed(CHAT, ["traffic", "rate_per_s"], -1), r"\[traffic\]: rate_per_s = -1"),
        (changed(CHAT, ["traffic", "rate_per_s"], "fast"), r"\[traffic\]: rate_per_s = 'fast'"),
        (changed(CHAT, ["lengths"], None), r"\[lengths\] is missing"),
        (changed(CHAT, ["lengths"], {"published": "azure"}), r"\[lengths\].*azure"),
        (changed(CHAT, ["lengths"], {"prompt": {"median_tokens": 1, "sigma": 1}}), "prompt and answer"),
        (changed(CHAT, ["lengths"], {"promt": {}}), "did you mean 'prompt'"),
        (changed(CHAT, ["pool", 0, "cuont"], 3), r"\[\[pool\]\] 1: unknown key 'cuont': did you mean 'count'"),
        (changed(CHAT, ["pool", 0, "count"], 0), r"\[\[pool\]\] 1: count of pool 'chat' = 0"),
        (changed(CHAT, ["pool", 0, "queue"], "lifo"), r"queue = 'lifo'"),
        (changed(CHAT, ["pool", 0, "station"], {}), "exactly one of"),
        (changed(CHAT, ["pool", 0, "replica", "model"], "llama-9"), r"\[\[pool\]\] 1 replica: .*llama-9"),
        (changed(CHAT, ["pool", 0, "replica", "chip"], None), "chip missing"),
        (changed(CHAT, ["pool", 0, "replica", "max_bach"], 9), "did you mean 'max_batch'"),
        (changed(CHAT, ["pool", 0, "replica", "tp"], 1.5), "tp = 1.5"),
        (changed(CHAT, ["pool", 0, "replica"], {"steps": {"bas_s": 1}, "kv_tokens": 9}), "did you mean 'base_s'"),
        (changed(CHAT, ["slo", "ttft"], 0.5), r"\[slo\]: unknown key 'ttft': did you mean 'ttft_s'"),
        (changed(CHAT, ["slo", "ttft_s"], -0.5), r"\[slo\]: ttft_s = -0.5"),
        (changed(CHAT, ["slo"], 3), r"\[slo\] = 3: must be a table"),
        (changed(CHAT, ["agents"], {"sigma": 1.0}), r"\[agents\]: has no meaning"),
        (changed(CHAT, ["region"], []), r"\[region\]: has no meaning"),
        (changed(AGENT, ["lengths"], {"published": "azure-conversation"}), r"\[lengths\]: has no meaning"),
        (changed(AGENT, ["task", 1, "after"], ["thnik"]), r"after of task 'act' names 'thnik'"),
        (changed(AGENT, ["task", 0, "after"], ["act"]), "circle"),
        (changed(AGENT, ["task", 1, "human_s"], 1.0), "exactly one of"),
        (changed(AGENT, ["task", 1, "pool"], None), "pool is missing"),
        (changed(AGENT, ["agents", "loop"], ["fly"]), r"\[agents\]: loop names 'fly'"),
        (changed(CHAT, ["job"], [{"name": "x", "steps": 1}]), r"\[job.pattern\] is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_the_nearest_that_would_do(table, words):
    with pytest.raises(ValueError, match=words):
        build_scenario(table)


def test_the_guide_names_every_table_and_every_file():
    guide = (SCENARIOS[0].parent / "README.md").read_text(encoding="utf-8")
    assert [key for key in scenario_file.TOP if key not in guide] == []
    assert [path.name for path in SCENARIOS if path.name not in guide] == []


def test_a_file_that_is_no_toml_is_named_with_its_line(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("title = \n")
    with pytest.raises(ValueError, match=r"broken\.toml: .*line 1"):
        read_scenario(path)
    path.write_text("[pol]\n")
    with pytest.raises(ValueError, match=r"broken\.toml: unknown key 'pol': did you mean 'pool'"):
        read_scenario(path)


def test_a_scenario_is_data_that_a_sweep_can_change():
    # Three replicas keep more promises than two: the lab's own question, in one changed number.
    path = next(p for p in SCENARIOS if p.stem == "lab04-serving")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    more = build_scenario(changed(table, ["pool", 0, "count"], 3))
    two, result = run_of("lab04-serving")
    assert more.run().summary(more.slo).good_share > result.summary(two.slo).good_share + 0.1
