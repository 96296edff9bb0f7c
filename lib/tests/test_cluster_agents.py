"""Requests that are graphs of model calls, tools and people."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import apps, cluster
from supercycle.cluster.agents import covered_s

REPLICA = cluster.Replica(cluster.StepTime(0.01), kv_tokens=100_000)
FLEET = cluster.Fleet(
    (cluster.Pool("gpu", REPLICA), cluster.Pool("cpu", cluster.Station(slots=100)))
)
LOOP = cluster.TaskGraph(
    apps.task_graph(
        ["plan", "search", "run", "review", "answer"],
        [("plan", "search"), ("plan", "run"), ("search", "review"), ("run", "review"),
         ("review", "answer")],
    ),
    {
        "plan": cluster.ModelCall(100, 20),
        "search": cluster.ToolCall(0.5, "cpu"),
        "run": cluster.ToolCall(2.0, "cpu"),
        "review": cluster.Human(3.0),
        "answer": cluster.ModelCall(200, 50),
    },
)  # fmt: skip


def requests(arrivals, graph: cluster.TaskGraph | list = LOOP) -> pd.DataFrame:
    frame = pd.DataFrame({"arrival_s": np.asarray(arrivals, dtype=float)})
    frame["graph"] = graph if isinstance(graph, list) else [graph] * len(frame)
    return frame


def test_with_machines_to_spare_a_request_takes_its_critical_path():
    result = cluster.simulate(requests([1.0]), FLEET)
    row = result.requests.iloc[0]
    plan, answer = 20 * 0.01, 50 * 0.01
    assert row["e2e_s"] == pytest.approx(plan + 2.0 + 3.0 + answer)
    assert row["critical_path_s"] == pytest.approx(row["e2e_s"])
    assert row["human_s"] == pytest.approx(3.0)
    assert row["human_wait_s"] == pytest.approx(plan + 2.0 + answer)
    assert row["ttft_s"] == pytest.approx(plan + 5.0 + 0.01)  # of the last call of the model
    assert row["tpot_s"] == pytest.approx(0.01)
    assert (row["input_tokens"], row["output_tokens"]) == (300, 70)
    critical = result.tasks.set_index("task")["critical"]
    assert critical.to_dict() == {
        "plan": True, "search": False, "run": True, "review": True, "answer": True
    }  # fmt: skip


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 7))
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    kind = st.one_of(
        st.builds(cluster.ModelCall, st.integers(1, 50), st.integers(1, 30)),
        st.builds(cluster.ToolCall, st.floats(0, 2), st.just("cpu")),
        st.builds(cluster.Human, st.floats(0, 2)),
    )
    return cluster.TaskGraph(apps.task_graph(range(n), edges), {i: draw(kind) for i in range(n)})


@settings(max_examples=40)
@given(graphs())
def test_a_lone_graph_takes_what_apps_says_its_critical_path_takes(graph):
    # every model call alone in its batch: as many steps as it writes tokens
    pools = (cluster.Pool("gpu", REPLICA, 7), cluster.Pool("cpu", cluster.Station(slots=7)))
    row = cluster.simulate(
        requests([0.0], graph), cluster.Fleet(pools), router="round_robin"
    ).requests.iloc[0]
    time_s = {
        task: 0.01 * work.output_tokens if isinstance(work, cluster.ModelCall) else work.time_s
        for task, work in graph.work.items()
    }
    assert row["e2e_s"] == pytest.approx(
        apps.critical_path_s(graph.graph, time_s), rel=1e-9, abs=1e-9
    )


@settings(max_examples=25)
@given(st.lists(graphs(), min_size=1, max_size=8), st.integers(0, 99))
def test_queues_only_lengthen_a_graph_and_tasks_wait_for_those_before(some, seed):
    rng = np.random.default_rng(seed)
    arrivals = np.sort(rng.random(len(some)))
    pools = (cluster.Pool("gpu", REPLICA), cluster.Pool("cpu", cluster.Station(slots=1)))
    result = cluster.simulate(requests(arrivals, some), cluster.Fleet(pools))
    table = result.requests
    assert (table["e2e_s"] >= table["critical_path_s"] - 1e-9).all()
    assert (table["human_s"] + table["human_wait_s"] - table["e2e_s"]).abs().max() < 1e-9
    for row, graph in enumerate(some):
        tasks = result.tasks[result.tasks["request"] == row].set_index("task")
        for before, after in graph.graph.edges:
            assert tasks["ready_s"][after] >= tasks["finish_s"][before] - 1e-12
        path = [task for task in graph.tasks if tasks["critical"][task]]
        assert tasks["finish_s"].max() == tasks["finish_s"][path].max()


def test_a_loop_unrolled_takes_its_rounds():
    body = apps.chain("think", "tool")
    graph = apps.unroll(body, 5)
    work = {
        task: cluster.ModelCall(10, 10) if task[0] == "think" else cluster.ToolCall(0.2, "cpu")
        for task in graph
    }
    row = cluster.simulate(requests([0.0], cluster.TaskGraph(graph, work)), FLEET).requests.iloc[0]
    assert row["e2e_s"] == pytest.approx(5 * (0.1 + 0.2))


def test_few_sandboxes_make_people_wait():
    arrivals = np.arange(30) * 0.1
    pools = (cluster.Pool("gpu", REPLICA), cluster.Pool("cpu", cluster.Station(slots=2)))
    scarce = cluster.simulate(requests(arrivals), cluster.Fleet(pools)).requests
    plenty = cluster.simulate(requests(arrivals), FLEET).requests
    assert scarce["human_wait_s"].mean() > 3 * plenty["human_wait_s"].mean()
    assert scarce["human_s"].to_numpy() == pytest.approx(plenty["human_s"].to_numpy())


def test_plain_requests_and_graphs_share_the_machines():
    frame = requests([0.0, 0.0, 0.1], [LOOP, None, np.nan])
    frame["input_tokens"], frame["output_tokens"] = [np.nan, 10, 10], [np.nan, 100, 100]
    table = cluster.simulate(frame, FLEET).requests
    assert (table["status"] == "done").all()
    assert np.isnan(table["critical_path_s"][1])
    assert table["output_tokens"].tolist() == [70, 100, 100]


def test_time_covered_counts_overlaps_once():
    assert covered_s([(5, 6), (0, 2), (1, 3), (1, 2)]) == 4


def test_impossible_graphs_are_named():
    import networkx as nx

    circle = nx.DiGraph([("a", "b"), ("b", "a")])
    work = {"a": cluster.Human(1), "b": cluster.Human(1)}
    with pytest.raises(ValueError, match="graph runs in a circle"):
        cluster.TaskGraph(circle, work)
    with pytest.raises(ValueError, match=r"work\['b'\] = None: must be a ModelCall"):
        cluster.TaskGraph(apps.chain("a", "b"), {"a": cluster.Human(1)})
    with pytest.raises(ValueError, match="graph = 'loop' in row 0: must be a TaskGraph or None"):
        cluster.simulate(requests([0.0], ["loop"]), FLEET)
    lost = cluster.TaskGraph(apps.chain("a"), {"a": cluster.ToolCall(1, "attic")})
    with pytest.raises(ValueError, match="pool = 'attic' of task 'a' in row 0: must be one of"):
        cluster.simulate(requests([0.0], lost), FLEET)
    wrong = cluster.TaskGraph(apps.chain("a"), {"a": cluster.ToolCall(1, "gpu")})
    with pytest.raises(ValueError, match="tools run on stations"):
        cluster.simulate(requests([0.0], wrong), FLEET)
    huge = cluster.TaskGraph(apps.chain("a"), {"a": cluster.ModelCall(200_000, 1)})
    with pytest.raises(ValueError, match="must fit the 100000 tokens of cache of pool 'gpu'"):
        cluster.simulate(requests([0.0], huge), FLEET)
    with pytest.raises(ValueError, match="output_tokens = 0"):
        cluster.ModelCall(1, 0)
    with pytest.raises(ValueError, match="time_s = -1"):
        cluster.Human(-1)
