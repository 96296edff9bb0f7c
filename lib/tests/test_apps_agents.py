"""Agents as task graphs."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import apps


def _random_case(seed, tasks=5, machines=("cpu", "gpu", "fast")):
    """A random graph with random times, costs and transfers; some machines cannot run some tasks."""
    rng = np.random.default_rng(seed)
    edges = [(a, b) for a, b in itertools.combinations(range(tasks), 2) if rng.random() < 0.4]
    graph = apps.task_graph(range(tasks), edges)
    time, cost = {}, {}
    for t in range(tasks):
        able = [m for m in machines if rng.random() < 0.8] or ["gpu"]
        time[t] = {m: float(rng.integers(1, 20)) for m in able}
        cost[t] = {m: float(rng.integers(1, 20)) for m in able}
    return graph, time, cost, {e: float(rng.integers(0, 6)) for e in edges}


def _every_placement(graph, time, cost, transfer):
    """All placements by brute force: (cost, latency)."""
    tasks = list(nx.topological_sort(graph))
    for choice in itertools.product(*(time[t] for t in tasks)):
        at = dict(zip(tasks, choice, strict=True))
        finish = {}
        for t in tasks:
            ready = [
                finish[a] + (transfer[a, t] if at[a] != at[t] else 0) for a in graph.predecessors(t)
            ]
            finish[t] = max(ready, default=0) + time[t][at[t]]
        yield sum(cost[t][at[t]] for t in tasks), max(finish.values())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100_000), st.floats(0.0, 1.0))
def test_the_placement_is_as_cheap_as_the_best_of_all(seed, where):
    graph, time, cost, transfer = _random_case(seed)
    every = list(_every_placement(graph, time, cost, transfer))
    fastest, slowest = min(s for _, s in every), max(s for _, s in every)
    deadline = math.floor(fastest + where * (slowest - fastest)) + 0.5
    best = apps.best_placement(graph, time, cost, deadline_s=deadline, transfer_s=transfer)
    assert best.cost_usd == pytest.approx(min(c for c, s in every if s <= deadline))
    assert best.latency_s <= deadline


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 100_000))
def test_an_impossible_deadline_names_the_fastest_placement(seed):
    graph, time, cost, transfer = _random_case(seed)
    fastest = min(s for _, s in _every_placement(graph, time, cost, transfer))
    with pytest.raises(ValueError, match=f"fastest takes {fastest:g} s"):
        apps.best_placement(graph, time, cost, deadline_s=fastest - 0.5, transfer_s=transfer)


def test_without_a_deadline_every_task_runs_where_it_is_cheapest():
    graph, time, cost, _ = _random_case(11)
    best = apps.best_placement(graph, time, cost)
    assert best.cost_usd == sum(min(cost[t].values()) for t in graph)


def test_the_placement_does_not_depend_on_the_units():
    # microseconds and micro-dollars: a solver's absolute tolerances must not decide
    graph, time, cost, transfer = _random_case(42)
    latencies = sorted(s for _, s in _every_placement(graph, time, cost, transfer))
    deadline = latencies[len(latencies) // 3] + 0.5
    large = apps.best_placement(graph, time, cost, deadline_s=deadline, transfer_s=transfer)
    small = apps.best_placement(
        graph,
        {t: {m: 1e-6 * x for m, x in row.items()} for t, row in time.items()},
        {t: {m: 1e-8 * x for m, x in row.items()} for t, row in cost.items()},
        deadline_s=1e-6 * deadline,
        transfer_s={e: 1e-6 * x for e, x in transfer.items()},
    )
    assert small.cost_usd == pytest.approx(1e-8 * large.cost_usd, rel=1e-9)
    assert small.latency_s <= 1e-6 * deadline


def test_a_tighter_deadline_never_costs_less():
    graph, time, cost, transfer = _random_case(5)
    latencies = sorted({s for _, s in _every_placement(graph, time, cost, transfer)})
    costs = [
        apps.best_placement(graph, time, cost, deadline_s=s, transfer_s=transfer).cost_usd
        for s in latencies[:: max(1, len(latencies) // 6)]
    ]
    assert costs == sorted(costs, reverse=True)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000))
def test_latency_is_the_longest_path(seed):
    graph, time, _, _ = _random_case(seed, tasks=7)
    seconds = {t: next(iter(time[t].values())) for t in graph}
    weighted = nx.DiGraph()  # NetworkX weighs edges, so each task becomes an edge
    for t in graph:
        weighted.add_edge((t, "in"), (t, "out"), weight=seconds[t])
    weighted.add_edges_from((((a, "out"), (b, "in")) for a, b in graph.edges), weight=0)
    longest = nx.dag_longest_path_length(weighted)
    assert apps.critical_path_s(graph, seconds) == pytest.approx(longest)
    path = apps.critical_path(graph, seconds)
    assert sum(seconds[t] for t in path) == pytest.approx(longest)
    assert all(graph.has_edge(a, b) for a, b in itertools.pairwise(path))


def test_a_chain_takes_the_sum_and_parallel_tasks_the_maximum():
    seconds = {"a": 1.0, "b": 2.0, "c": 4.0}
    assert apps.critical_path_s(apps.chain("a", "b", "c"), seconds) == 7
    assert apps.critical_path_s(apps.task_graph("abc"), seconds) == 4


def test_cost_does_not_depend_on_the_order_of_work():
    cost = {"a": 0.1, "b": 0.2, "c": 0.3}
    chained, parallel = apps.chain("a", "b", "c"), apps.task_graph("cab")
    assert apps.graph_cost_usd(chained, cost) == apps.graph_cost_usd(parallel, cost)


def test_an_unrolled_loop_takes_as_long_as_its_rounds():
    body = apps.task_graph("tsr", [("t", "s"), ("t", "r")])
    seconds = {"t": 3.0, "s": 5.0, "r": 2.0}
    loop = apps.unroll(body, 4)
    assert apps.critical_path_s(loop, {task: seconds[task[0]] for task in loop}) == 4 * 8
    assert len(loop) == 12


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1), st.integers(1, 30))
def test_expected_attempts_equal_the_sum_of_survival_probabilities(p, cap):
    # E[attempts] = Σ P(attempt k is made) = Σ (1 − p)^(k − 1)
    assert apps.expected_attempts(p, cap) == pytest.approx(sum((1 - p) ** k for k in range(cap)))
    assert apps.success_within(p, cap) == pytest.approx(1 - (1 - p) ** cap)


def test_sure_success_needs_one_attempt():
    assert apps.expected_attempts(1.0) == 1


def _simulated_tasks_per_s(agents, ai_s, human_s, switch_s, horizon_s=200_000):
    """One person and k agents, event by event."""
    env, done = simpy.Environment(), [0]
    person = simpy.Resource(env)

    def agent():
        while True:
            yield env.timeout(ai_s)
            with person.request() as turn:
                yield turn
                yield env.timeout(switch_s + human_s)
            done[0] += 1

    for _ in range(agents):
        env.process(agent())
    env.run(horizon_s)
    return done[0] / horizon_s


@pytest.mark.parametrize("agents", [1, 3, 6, 7, 8, 12])
def test_throughput_with_many_agents_equals_a_simulation(agents):
    expected = _simulated_tasks_per_s(agents, 540, 60, 30)
    assert apps.tasks_per_s(agents, 540.0, 60.0, 30.0) == pytest.approx(expected, rel=0.01)


def test_beyond_saturation_another_agent_adds_nothing():
    k = apps.agents_to_saturate(540.0, 60.0, 30.0)  # 1 + 540 / 90 = 7, by hand
    assert k == 7
    assert apps.tasks_per_s(k, 540.0, 60.0, 30.0) == pytest.approx(1 / 90)
    assert apps.tasks_per_s(2 * k, 540.0, 60.0, 30.0) == pytest.approx(1 / 90)


def test_a_saturated_person_gains_nothing_from_a_faster_chip():
    slow, fast = (apps.tasks_per_s(10, ai_s, 60.0, 30.0) for ai_s in (540.0, 54.0))
    assert slow == fast


def test_when_the_machine_takes_no_time_the_person_is_the_whole():
    assert apps.human_share(0.0, 60.0) == 1
    assert apps.human_share(np.array([0.0, 60.0]), 60.0) == pytest.approx([1, 0.5])


def test_core_seconds_balance():
    # 1000 tasks an hour: 30 core·s and 2 GPU·s each, half used: 16.7 cores on 1.11 GPUs
    cores, gpus = 1000 * 30 / 3600 / 0.5, 1000 * 2 / 3600 / 0.5
    ratio = apps.cpu_per_gpu_ratio(30.0, 2.0, cpu_utilisation=0.5, gpu_utilisation=0.5)
    assert ratio == pytest.approx(cores / gpus)


G = apps.chain("a", "b")
T = {"a": {"m": 1.0}, "b": {"m": 1.0}}


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: apps.task_graph("ab", [("a", "b"), ("b", "a")]), "circle"),
        (lambda: apps.critical_path_s(nx.DiGraph([(1, 2), (2, 1)]), {1: 1, 2: 1}), "circle"),
        (lambda: apps.task_graph("ab", [("a", "z")]), "'z'"),
        (lambda: apps.task_graph([]), "no task"),
        (lambda: apps.critical_path_s(G, {"a": 1.0}), "'b'"),
        (lambda: apps.critical_path_s(G, {"a": 1.0, "b": -1.0}), "time_s"),
        (lambda: apps.graph_cost_usd(G, {"a": 1.0, "b": np.nan}), "cost_usd"),
        (lambda: apps.unroll(G, 0), "times"),
        (lambda: apps.best_placement(G, T, {"a": {"m": 1.0}}), "cost_usd"),
        (lambda: apps.best_placement(G, T, {"a": {"m": 1.0}, "b": {"x": 1.0}}), "different"),
        (lambda: apps.best_placement(G, T, T, transfer_s={}), "transfer_s"),
        (lambda: apps.best_placement(G, T, T, deadline_s=0), "deadline_s"),
        (lambda: apps.best_placement(G, {"a": {"m": np.inf}, "b": {"m": 1.0}}, T), "finite"),
        (lambda: apps.expected_attempts(0.0), "success_share"),
        (lambda: apps.expected_attempts(0.5, 0), "cap"),
        (lambda: apps.human_share(0.0, 0.0), "human_s"),
        (lambda: apps.agents_to_saturate(1.0, 0.0), "human_s"),
        (lambda: apps.tasks_per_s(0, 1.0, 1.0), "agents"),
        (lambda: apps.cpu_per_gpu_ratio(1.0, 0.0), "gpu_s"),
        (lambda: apps.cpu_per_gpu_ratio(1.0, 1.0, gpu_utilisation=0.0), "gpu_utilisation"),
    ],
)
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
