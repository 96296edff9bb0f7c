# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] nbgrader={"grade": false, "grade_id": "title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Lab 5 · Agents, machines and a person
#
# You ask an agent for something, wait some minutes, and find that you have forgotten what you asked.
# Who is the bottleneck, and what would you pay to move it?
#
# | lecture | what was said |
# | --- | --- |
# | 02:01 | agents bring the CPU back |
# | 20:10 | a chatbot was a graph of one node, reasoning made it a chain, agents make it a directed acyclic graph with tools, searches and virtual machines |
# | 22:25 | an agent takes minutes to hours; meanwhile the person turns to something else and later has to page the context back in |
# | 22:46 | today the AI is the bottleneck; compute has succeeded when the person is, and stays in flow (23:13) |
# | 23:34 | that cannot be delivered economically on GPUs alone |
# | 24:32 | each part of the graph belongs on the machine that suits it |
# | 42:48 | next gains: orchestration, harness and fewer tokens at first, memory architecture later |
#
# You will write the eight functions that decide who waits for whom, place a graph on four kinds of
# machine, simulate what random times do to it, and then choose between a fast pool and several agents.
#
# **How it works.** *Predict* → *build* → *simulate* → *explain* → *decide*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. Everything is in SI units unless a name ends otherwise; `share` means a number from 0 to 1.
# Run the cells from top to bottom.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import heapq
import itertools
import math
from dataclasses import replace

import numpy as np

from supercycle import check, cluster, decision, facts, plots, scenario
from supercycle.cluster.agent_traffic import Task, agent_requests
from supercycle.units import HOUR_S, format_usd

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "apps.critical_path",
    "apps.critical_path_s",
    "apps.expected_attempts",
    "apps.graph_cost_usd",
    "apps.best_placement",
    "apps.human_share",
    "apps.agents_to_saturate",
    "apps.tasks_per_s",
    "apps.cpu_per_gpu_ratio",
)

case = scenario.draw("lab05")  # your own case: an agent, its machines, its reviewer
before = scenario.lab05.BEFORE  # each task and the tasks it waits for
print(
    f"your case ({case.code}): {case.model} on {case.chips_count} × {case.chip}, {case.batch} agents at a time"
)
print(f"the graph: {before}")
print(
    f"each round writes {case.think_tokens:,} tokens, searches for {case.search_s:g} s and tests for {case.run_s:g} s; "
    f"the tests pass with probability {case.round_success:g}, after {case.cap} rounds at most it hands over"
)
print(f"a person reviews each result in {case.human_s:g} s")

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Your agent writes and tests code. A call to the model runs on `gpu`, as today, or on `fast`: chips that
# write faster, at a higher price. A test runs in a *sandbox*, a virtual machine of the agent's own: on `cpu`
# a small one, on `large cpu` one with more cores. A search needs only a `cpu`.
#
# Before any arithmetic: four guesses for **your case**. Write each as `(low, best, high)`, an interval
# you would bet on four to one. Nobody grades whether you are right; at the end you see whether your
# intervals were honest.
#
# - `ai_s`: seconds from the person's word to the agent's result, on GPUs and small sandboxes
# - `fast_gain`: how many times sooner the result comes if chips write ten times as fast and the tools
#   stay as they are
# - `agents`: how many such agents keep one person busy all the time
# - `turning_switch_s`: seconds a person needs to pick up another task, above which one fast agent is
#   the better buy than several ordinary ones

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"ai_s": (low, best, high), ...}
### BEGIN SOLUTION
predictions = {
    "ai_s": (120, 350, 1200),
    "fast_gain": (1.3, 2.5, 8),
    "agents": (2, 4, 10),
    "turning_switch_s": (30, 120, 600),
}
### END SOLUTION

# %% tags=["explore"]
# explore: are these four intervals?
for name in ("ai_s", "fast_gain", "agents", "turning_switch_s"):
    check.prediction(name, predictions.get(name))
check.ok("four predictions, stored for the end of the lab")

# %% [markdown] nbgrader={"grade": false, "grade_id": "path_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: how long a graph takes
#
# Each task starts when all the tasks it waits for are done. With machines enough, nothing else delays
# it. Write how long the whole takes: its **critical path**.
#
# `before` is a dictionary from each task to the list of tasks it waits for. Neither the dictionary nor its
# lists come in any particular order: a task may be listed before those it waits for.
# Raise a `ValueError` with a sentence if tasks wait for each other in a circle.
#
# *Think of:* a chain (reasoning, 20:20); tasks that wait for nobody; a long task that nobody waits for;
# two tasks that wait for the same one.


# %% nbgrader={"grade": false, "grade_id": "critical_path_s", "locked": false, "schema_version": 3, "solution": true, "task": false}
def critical_path_s(before, time_s):
    """Time of a graph of tasks when machines are never short.

    Parameters
    ----------
    before : dict from task to list of tasks
        Whom each task waits for.
    time_s : dict from task to float
        Time of each task [s].

    Returns
    -------
    float
        Seconds.
    """
    ### BEGIN SOLUTION
    finish_s = {}
    while len(finish_s) < len(before):
        ready = [t for t in before if t not in finish_s and all(b in finish_s for b in before[t])]
        if not ready:
            raise ValueError("the tasks wait for each other in a circle")
        for task in ready:
            start_s = max((finish_s[b] for b in before[task]), default=0.0)
            finish_s[task] = start_s + time_s[task]
    return max(finish_s.values())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_critical_path_s", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_chain = {"a": [], "b": ["a"], "c": ["b"]}
_times = {"a": 2.0, "b": 3.0, "c": 4.0}
check.number("critical_path_s of a chain", critical_path_s(_chain, _times), low=0, high=100)
check.same("a single task takes its own time", critical_path_s({"a": []}, {"a": 7.0}), 7.0)
check.same(
    "the order in which tasks are listed does not matter",
    critical_path_s(dict(reversed(_chain.items())), _times),
    critical_path_s(_chain, _times),
)
check.same(
    "in a chain, every second counts",
    critical_path_s(_chain, _times | {"b": 10.0}),
    critical_path_s(_chain, _times) + 7.0,
)
check.refuses("a circle", lambda: critical_path_s({"a": ["b"], "b": ["a"]}, _times))
check.ok("critical_path_s: order, direction and a circle refused")
### BEGIN HIDDEN TESTS
check.agrees("a chain of three", critical_path_s(_chain, _times), 9.0,
             hints={4 / 9: "in a chain each task waits for the one before: times add up"})  # fmt: skip
check.agrees("three tasks that wait for nobody", critical_path_s({t: [] for t in "abc"}, _times), 4.0,
             hints={9 / 4: "tasks that do not wait for each other run side by side"})  # fmt: skip
check.agrees("a long task that nobody waits for", critical_path_s({"a": [], "b": ["a"], "z": []}, {"a": 1.0, "b": 2.0, "z": 8.0}), 8.0,
             hints={3 / 8: "the whole ends with its last task, also one that nobody waits for",
                    11 / 8: "tasks that do not wait for each other run side by side"})  # fmt: skip
check.agrees("a task that waits for a quick and a slow one", critical_path_s({"q": [], "s": [], "z": ["q", "s"]}, {"q": 1.0, "s": 5.0, "z": 2.0}), 7.0,
             hints={5 / 7: "a task waits for the last of those before it, not for the first",
                    8 / 7: "tasks that do not wait for each other run side by side"})  # fmt: skip
try:
    _meeting = critical_path_s({"a": [], "b": ["a"], "c": ["a"], "z": ["b", "c"]}, {"a": 1.0, "b": 2.0, "c": 6.0, "z": 3.0})  # fmt: skip
except ValueError:
    raise check.CheckError("two tasks that wait for the same one are not a circle") from None
check.agrees("two tasks that wait for the same one", _meeting, 10.0,
             hints={12 / 10: "tasks that do not wait for each other run side by side",
                    6 / 10: "a task waits for the last of those before it, not for the first"})  # fmt: skip
check.refuses(
    "a circle behind a task that can start",
    lambda: critical_path_s({"s": [], "a": ["s", "c"], "b": ["a"], "c": ["b"]}, dict.fromkeys("sabc", 1.0)),
)  # fmt: skip
_rng = np.random.default_rng(1)
for _ in range(12):
    _n = int(_rng.integers(4, 9))
    _seconds = {f"t{i}": float(_rng.uniform(1, 30)) for i in range(_n)}
    _graph = {f"t{i}": [f"t{j}" for j in range(i) if _rng.random() < 0.4] for i in range(_n)}
    _end = {}
    for _t in _graph:
        _end[_t] = max((_end[_b] for _b in _graph[_t]), default=0.0) + _seconds[_t]
    _mixed = {str(_t): _graph[str(_t)] for _t in _rng.permutation(list(_graph))}
    check.agrees(f"a random graph of {_n} tasks, listed in any order", critical_path_s(_mixed, _seconds), max(_end.values()))  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: from one node to a graph, one round of your agent (20:10)
each_s = case.time_s()  # one run of each task on each machine
round_s = {task: each_s[task][machine] for task, machine in case.ordinary.items()}
shapes = {
    "chat: one node": {"write": []},
    "reasoning: a chain": {"plan": [], "think": ["plan"], "write": ["think"]},
    "an agent: your graph": before,
}
for shape, graph in shapes.items():
    print(
        f"{shape:22s} {critical_path_s(graph, round_s):6.1f} s of at most {sum(round_s[t] for t in graph):6.1f} s of work"
    )
print(
    "search runs beside the test, so it costs the person nothing; everything else waits in line: the graph is nearly a chain"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "attempts_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Build: how often the loop turns
#
# An agent *closes the loop* (19:01): it tries, looks, and tries again until it works. Let each round
# succeed with probability `success_share`, independently of the others, and let the agent stop at
# the first success **or after `cap` rounds**. Write the mean number of rounds.
#
# `cap` may be `math.inf`. Raise a `ValueError` if the rounds would never end.
#
# *Think of:* a round that always succeeds; one that never does, with and without a cap; no cap.


# %% nbgrader={"grade": false, "grade_id": "expected_attempts", "locked": false, "schema_version": 3, "solution": true, "task": false}
def expected_attempts(success_share, cap=math.inf):
    """Mean number of rounds until success, or until the cap.

    Parameters
    ----------
    success_share : float
        Probability that a round succeeds, 0 to 1.
    cap : float
        Most rounds, at least 1; may be infinite.

    Returns
    -------
    float
        Rounds.
    """
    ### BEGIN SOLUTION
    if success_share == 0:
        if math.isinf(cap):
            raise ValueError("success_share = 0 without a cap: the rounds never end")
        return float(cap)
    return (1 - (1 - success_share) ** cap) / success_share
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_expected_attempts", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("expected_attempts(0.5, 4)", expected_attempts(0.5, 4), low=1, high=4)
check.same("what always succeeds needs one round", expected_attempts(1.0, 5), 1.0)
check.same("with a cap of one there is one round", expected_attempts(0.3, 1), 1.0)
check.rising("a higher cap allows more rounds", lambda c: expected_attempts(0.3, c), [1, 2, 3])
check.rising("a better agent needs fewer", lambda p: -expected_attempts(p, 9), [0.1, 0.4, 0.9])
check.refuses("rounds that never end", lambda: expected_attempts(0.0))
check.ok("expected_attempts: limits, direction and an end")
### BEGIN HIDDEN TESTS
check.agrees("one that never succeeds, four rounds allowed", expected_attempts(0.0, 4), 4.0)
check.agrees("one that always succeeds, without a cap", expected_attempts(1.0), 1.0)
_rng = np.random.default_rng(2)
for _ in range(15):
    _p, _cap = float(_rng.uniform(0.05, 0.6)), int(_rng.integers(2, 9))
    _want = sum((1 - _p) ** _k for _k in range(_cap))  # the k-th further round is made if k failed
    check.agrees(
        f"success {_p:.2f}, at most {_cap} rounds", expected_attempts(_p, _cap), _want,
        hints={1 / (_p * _want): "the agent stops at the cap, whether it has succeeded or not",
               min(1 / _p, _cap) / _want: "the mean of what is cut off is not the mean, cut off",
               (1 - _cap * (1 - _p) ** _cap / _want) / (1 - (1 - _p) ** _cap): "rounds of agents that gave up at the cap were made, too"},
    )  # fmt: skip
    _endless = expected_attempts(_p)
    check.number(f"expected_attempts({_p:.2f})", _endless, low=0)
    if _endless < (1 - 1e-6) / _p:
        raise check.CheckError(f"success {_p:.2f} without a cap: the sum ends too early, as with a cap")  # fmt: skip
    check.agrees(f"success {_p:.2f} without a cap", _endless, 1 / _p)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: what a cap costs and saves
for cap in (2, 4, 8, case.cap, math.inf):
    passed = 1 - (1 - case.round_success) ** cap
    print(
        f"at most {cap:4g} rounds: {expected_attempts(case.round_success, cap):4.2f} on average, tests pass in {passed:4.0%} of tasks"
    )
harder = expected_attempts(case.round_success / 2, case.cap) / expected_attempts(case.round_success, case.cap)  # fmt: skip
print(
    f"a task half as likely to pass takes {harder:.2f} times the rounds; real tasks differ, and the hard ones use up the cap"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "cost_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Build: what a graph costs
#
# Time follows the longest path. Does money?
#
# `cost_usd` lists what **one run** of a task costs; it is a price list and may name tasks that this graph
# does not have. `runs` says how often a task of the loop runs; a task that it does not name runs once.
#
# *Think of:* a graph turned into a chain; a task off the critical path; a loop that turns twice.


# %% nbgrader={"grade": false, "grade_id": "graph_cost_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def graph_cost_usd(before, cost_usd, runs):
    """Cost of a graph of tasks.

    Parameters
    ----------
    before : dict from task to list of tasks
        The graph's tasks, and whom each waits for.
    cost_usd : dict from task to float
        Cost of one run [USD].
    runs : dict from task to float
        Mean number of runs, where it is not one.

    Returns
    -------
    float
        USD.
    """
    ### BEGIN SOLUTION
    return sum(cost_usd[task] * runs.get(task, 1.0) for task in before)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_graph_cost_usd", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_diamond = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
_usd = {"a": 0.1, "b": 0.4, "c": 0.2, "d": 0.3}
check.number("graph_cost_usd of four tasks", graph_cost_usd(_diamond, _usd, {}), low=0, high=10)
check.same(
    "in a row or side by side, the same tasks cost the same",
    graph_cost_usd(_diamond, _usd, {}),
    graph_cost_usd({"d": [], "c": ["d"], "b": ["c"], "a": ["b"]}, _usd, {}),
)
check.same("tasks that cost nothing", graph_cost_usd(_diamond, dict.fromkeys("abcd", 0.0), {}), 0.0)
check.rising("more rounds cost more", lambda k: graph_cost_usd(_diamond, _usd, {"b": k}), [1, 2, 5])
check.ok("graph_cost_usd: free of order, rising with the rounds")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(3)
for _ in range(12):
    _usd = {t: float(_rng.uniform(0.01, 1)) for t in "abcdxyz"}
    _n = float(_rng.uniform(2, 9))
    _runs = {"b": _n, "c": _n}
    _once = sum(_usd[t] for t in "abcd")
    _want = _once + (_n - 1) * (_usd["b"] + _usd["c"])
    _path = _usd["a"] + _n * max(_usd["b"], _usd["c"]) + _usd["d"]
    check.agrees(
        f"four tasks, two of them in a loop of {_n:.2f} rounds", graph_cost_usd(_diamond, _usd, _runs), _want,
        hints={_once / _want: "a task of the loop is paid for in every round",
               _n * _once / _want: "only the tasks of the loop run more than once",
               (_want - _usd["a"] - _usd["d"]) / _want: "a task that `runs` does not name runs once",
               (_want + _usd["x"] + _usd["y"] + _usd["z"]) / _want: "the price list names tasks that this graph does not have",
               _path / _want: "tasks off the longest path cost money, too"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the bill of your agent, and who is paid
bill = {t: case.runs[t] * case.cost_usd()[t][m] for t, m in case.ordinary.items()}
mine = graph_cost_usd(
    before, {t: case.cost_usd()[t][m] for t, m in case.ordinary.items()}, case.runs
)
wage = facts.value("apps/reviewer-cost")
review_usd = float(wage) / HOUR_S * case.human_s
axes = plots.ledger(
    bill | {"the person's review": review_usd},
    claim=f"The machines cost {format_usd(mine)} a task, a review {format_usd(review_usd)}",
    total="one task",
    x_label="USD",
)
plots.show(
    axes,
    f"Bars of what each task of the agent costs and what the review costs; the largest is {max(bill | {'the review': review_usd}, key=(bill | {'the review': review_usd}).get)}.",
)
print(
    facts.sources(
        wage,
        facts.value("prices/gpt-5.6-terra-2026-09-15/output_usd_per_mtok"),
        facts.value("prices/gpt-5.6-terra-fast-2026-09-15/output_usd_per_mtok"),
        facts.value("apps/core-hour"),
    )
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "placement_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Build: each part on its machine
#
# The lecture wants each part of the graph on the machine that suits it (24:32), for the sake of
# efficiency *and* speed. Those are two goals. Make one of them the limit: among all placements whose
# latency is **at most** `deadline_s`, find the cheapest.
#
# `cost_usd[task][machine]` is what a task costs on each machine that can do it.
# `latency_s(placement)` is a function that you can call: it takes a dictionary from each task to its
# machine, **all tasks at once**, and returns the seconds of the whole. Nothing is promised about it: a
# machine may be quick and yet not help. A dozen tasks at most, so trying everything is allowed
# (`itertools.product`).
#
# Return the placement as a dictionary from task to machine. Raise a `ValueError` if none is quick enough.
#
# *Think of:* a loose deadline; one that just fits; one that nothing meets.


# %% nbgrader={"grade": false, "grade_id": "best_placement", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_placement(cost_usd, latency_s, deadline_s):
    """Cheapest placement within a deadline.

    Parameters
    ----------
    cost_usd : dict from task to (dict from machine to float)
        Cost of the task on each machine that can do it [USD].
    latency_s : function of a placement
        Seconds of the whole.
    deadline_s : float
        Longest latency allowed [s].

    Returns
    -------
    dict from task to machine
    """
    ### BEGIN SOLUTION
    best, least_usd = None, math.inf
    for machines in itertools.product(*cost_usd.values()):
        placement = dict(zip(cost_usd, machines, strict=True))
        usd = sum(cost_usd[task][machine] for task, machine in placement.items())
        if usd < least_usd and latency_s(placement) <= deadline_s:
            best, least_usd = placement, usd
    if best is None:
        raise ValueError(f"deadline_s = {deadline_s}: no placement is as quick as that")
    return best
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_best_placement", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_usd = {"think": {"gpu": 1.0, "fast": 3.0}, "run": {"cpu": 0.2, "large": 0.5}}
_s = {"think": {"gpu": 40.0, "fast": 5.0}, "run": {"cpu": 30.0, "large": 12.0}}


def _added_s(placement):
    return sum(_s[task][machine] for task, machine in placement.items())


_placed = check.named("best_placement(…)", best_placement(_usd, _added_s, 50.0), ["think", "run"])
if _placed["think"] not in _usd["think"] or _placed["run"] not in _usd["run"]:
    raise check.CheckError("best_placement(…) names a machine that cannot do the task")
if _added_s(_placed) > 50:
    raise check.CheckError("best_placement(…) takes longer than the deadline")
check.refuses("a deadline that nothing meets", lambda: best_placement(_usd, _added_s, 10.0))
check.ok("best_placement: real machines, within the deadline")


### BEGIN HIDDEN TESTS
def _bill(costs, placement):
    return sum(costs[t][m] for t, m in check.named("best_placement(…)", placement, costs).items())


check.agrees("no deadline at all", _bill(_usd, best_placement(_usd, _added_s, math.inf)), 1.2,
             hints={3.5 / 1.2: "with time to spare the cheapest machines are enough: the quickest are not wanted for their own sake",
                    3.2 / 1.2: "with time to spare the cheapest machines are enough: the quickest are not wanted for their own sake"})  # fmt: skip
try:
    _just = best_placement(_usd, _added_s, 17.0)
except ValueError:
    raise check.CheckError("a deadline that is met to the second is met") from None
check.agrees("a deadline that one placement meets to the second", _bill(_usd, _just), 3.5)
_two_usd = {"a": {"slow": 1.0, "quick": 1.1}, "b": {"slow": 1.0, "quick": 2.0}}
_two_s = {"slow": 10.0, "quick": 5.0}


def _two_whole_s(placement):
    if set(placement) != {"a", "b"}:
        raise check.CheckError("`latency_s` takes a placement of all tasks, not of some")
    return (9.0 if placement["a"] == "quick" else 10.0) + _two_s[placement["b"]]


check.agrees("two tasks, of which only the dearer step is enough", _bill(_two_usd, best_placement(_two_usd, _two_whole_s, 15.0)), 3.0,
             hints={3.1 / 3.0: "the cheapest step first is not the cheapest way: a step may turn out to be needless"})  # fmt: skip
_rng = np.random.default_rng(4)
for _ in range(8):
    _costs = {t: {m: float(_rng.uniform(0.1, 3)) for m in ("p", "q", "r")[: int(_rng.integers(1, 4))]} for t in "abcd"}  # fmt: skip
    _seconds = {t: {m: float(_rng.uniform(1, 30)) for m in row} for t, row in _costs.items()}
    _move = float(_rng.uniform(0, 10))

    def _whole_s(placement, seconds=_seconds, move=_move):
        own = {t: seconds[t][placement[t]] for t in "abcd"}
        moved = {t: move * (placement[t] != placement["a"]) for t in "bc"}
        end = own["a"] + max(moved["b"] + own["b"], moved["c"] + own["c"])
        return end + own["d"]

    _all = [{}]
    for _t in "abcd":
        _all = [one | {_t: m} for one in _all for m in _costs[_t]]
    _ranked = sorted(_all, key=_whole_s)
    for _limit in (_whole_s(_ranked[0]), _whole_s(_ranked[len(_ranked) // 2])):
        _fits = [one for one in _all if _whole_s(one) <= _limit]
        _want = min(_bill(_costs, one) for one in _fits)
        _got = best_placement(_costs, _whole_s, _limit)
        check.same(
            f"a placement of four tasks is done within {_limit:.1f} s",
            max(_whole_s(_got), _limit),
            _limit,
        )
        check.agrees(
            f"four tasks with moves between machines, deadline {_limit:.1f} s", _bill(_costs, _got), _want,
            hints={_bill(_costs, min(_fits, key=_whole_s)) / _want: "the cheapest of those in time is wanted, not the quickest"},
        )  # fmt: skip
    _missed = 0.999 * _whole_s(_ranked[0])
    check.refuses(
        "a deadline just below the quickest",
        lambda costs=_costs, whole_s=_whole_s, limit=_missed: best_placement(costs, whole_s, limit),
    )
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the price of speed, and what it is made of (23:34)
whole_usd = case.whole(case.cost_usd())


def bill_usd(placement):
    return sum(whole_usd[task][machine] for task, machine in placement.items())


ordinary_s = case.latency_s(case.ordinary)
quickest_s = min(case.latency_s(p) for p in case.placements())
fast_calls = case.ordinary | dict.fromkeys(("plan", "think", "write"), "fast")
deadlines = np.linspace(quickest_s * 1.001, ordinary_s, 60)
chosen = [best_placement(whole_usd, case.latency_s, s) for s in deadlines]
agree = sum(
    math.isclose(bill_usd(p), case.solved(s).cost_usd)
    for p, s in list(zip(chosen, deadlines, strict=True))[::6]
)
mixed = best_placement(whole_usd, case.latency_s, case.latency_s(fast_calls) - 1)
axes = plots.sweep(
    deadlines,
    {"cheapest placement": [bill_usd(p) for p in chosen]},
    claim=f"Fast chips alone take {case.latency_s(fast_calls):.0f} s for {format_usd(bill_usd(fast_calls))}, a mix {case.latency_s(mixed):.0f} s for {format_usd(bill_usd(mixed))}",
    x_label="deadline, seconds",
    y_label="USD a task",
)
axes.lines[0].set_drawstyle("steps-post")
points = {"GPUs, small sandboxes": case.ordinary, "fast chips, small sandboxes": fast_calls}
for (label, placement), above in zip(points.items(), (-16, 8), strict=True):
    at = (case.latency_s(placement), bill_usd(placement))
    axes.plot(*at, "o", color=plots.COLOURS["red"])
    axes.annotate(label, at, xytext=(0, above), ha="center", textcoords="offset points")
axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
plots.show(
    axes,
    "Least cost over deadline falls in steps; fast chips with small sandboxes lie above the line, GPUs with small sandboxes at its right end.",
)
print(f"a mixed-integer programme agrees in {agree} of {len(deadlines[::6])} deadlines tried")
for s in (quickest_s * 1.001, 0.5 * ordinary_s, 0.8 * ordinary_s, ordinary_s):
    p = best_placement(whole_usd, case.latency_s, s)
    print(f"{s:5.0f} s: {format_usd(bill_usd(p))}  " + ", ".join(f"{t} on {m}" for t, m in p.items()))  # fmt: skip
loops_s = critical_path_s(before, {t: case.runs[t] * each_s[t][m] for t, m in case.ordinary.items()})  # fmt: skip
print(
    f"`case.latency_s`: your critical path with {case.rounds:.2f} rounds of the loop ({loops_s:.0f} s on GPUs and small sandboxes), and a move of the cache wherever two calls in a row run on different machines"
)

# %% tags=["explore"]
# explore: what a faster chip exposes, task by task
for label, placement in points.items():
    times = case.whole(case.time_s())
    tools_s = times["run"][placement["run"]]
    print(
        f"{label:27s} {case.latency_s(placement):5.0f} s, of which tests {tools_s:4.0f} s ({tools_s / case.latency_s(placement):.0%})"
    )
fast_gain = ordinary_s / case.latency_s(fast_calls)
faster = facts.value("serving/fast-decode-speedup")
endless = ordinary_s / case.latency_s(fast_calls, decode_speedup=1e9)
print(
    f"chips that write {faster:g} times as fast bring the result {fast_gain:.2f} times as soon; endlessly fast ones {endless:.2f} times"
)
print(f"moving the cache to the other machine: {case.transfer_s:.2f} s each time")
print(facts.sources(faster, facts.value("apps/tool-parallel-share")))

# %% [markdown] nbgrader={"grade": false, "grade_id": "cpu_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Build: how many cores a GPU needs
#
# Agents bring the CPU back (02:01). How far? A finished task uses so many core-seconds for its tools and so
# many GPU-seconds for its calls; cores and GPUs of a fleet are busy only part of the time. Write how many
# cores the fleet must **own** for each GPU it owns, not rounded.
#
# Raise a `ValueError` unless the GPU-seconds and both utilisations are positive.
#
# *Think of:* tools that need no core; cores that idle half of the time; GPUs that do.


# %% nbgrader={"grade": false, "grade_id": "cpu_per_gpu_ratio", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cpu_per_gpu_ratio(core_s, gpu_s, core_utilisation, gpu_utilisation):
    """Cores that a fleet of agents needs for each GPU.

    Parameters
    ----------
    core_s, gpu_s : float
        Core-seconds and GPU-seconds of one task [s].
    core_utilisation, gpu_utilisation : float
        Share of the time that cores and GPUs work, above 0 to 1.

    Returns
    -------
    float
        Cores per GPU.
    """
    ### BEGIN SOLUTION
    for number in (gpu_s, core_utilisation, gpu_utilisation):
        if number <= 0:
            raise ValueError(f"{number}: GPU-seconds and utilisations must be positive")
    return (core_s / core_utilisation) / (gpu_s / gpu_utilisation)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_cpu_per_gpu_ratio", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("cpu_per_gpu_ratio(300, 60, 0.5, 0.7)", cpu_per_gpu_ratio(300.0, 60.0, 0.5, 0.7), low=0.1, high=100)  # fmt: skip
check.same("tools without a core", cpu_per_gpu_ratio(0.0, 60.0, 0.5, 0.7), 0.0)
check.rising("longer tests need more cores", lambda s: cpu_per_gpu_ratio(s, 60.0, 0.5, 0.7), [10, 100, 300])  # fmt: skip
check.rising("longer calls need fewer cores for each GPU", lambda s: -cpu_per_gpu_ratio(300.0, s, 0.5, 0.7), [10, 60, 90])  # fmt: skip
check.refuses("calls that take no time", lambda: cpu_per_gpu_ratio(300.0, 0.0, 0.5, 0.7))
check.ok("cpu_per_gpu_ratio: direction and limits")
### BEGIN HIDDEN TESTS
check.refuses("cores that never work", lambda: cpu_per_gpu_ratio(300.0, 60.0, 0.0, 0.7))
check.refuses("GPUs that never work", lambda: cpu_per_gpu_ratio(300.0, 60.0, 0.5, 0.0))
check.agrees("both always busy", cpu_per_gpu_ratio(300.0, 60.0, 1.0, 1.0), 5.0)
_rng = np.random.default_rng(5)
for _ in range(12):
    _c, _g = float(_rng.uniform(50, 900)), float(_rng.uniform(5, 200))
    _uc, _ug = float(_rng.uniform(0.1, 0.45)), float(_rng.uniform(0.5, 0.95))
    check.agrees(
        f"{_c:.0f} core·s, {_g:.0f} GPU·s, {_uc:.0%} and {_ug:.0%} busy", cpu_per_gpu_ratio(_c, _g, _uc, _ug), _c / _g * _ug / _uc,
        hints={_uc / _ug: "idle cores and GPUs must be owned, too",
               (_uc / _ug) ** 2: "who idles must be owned in larger numbers: divide by the utilisation",
               1 / _ug: "GPUs idle, too",
               _uc: "cores idle, too",
               math.ceil(_c / _g * _ug / _uc) / (_c / _g * _ug / _uc): "not rounded: a fleet of many GPUs owns parts of a core for each",
               round(_c / _g * _ug / _uc) / (_c / _g * _ug / _uc): "not rounded: a fleet of many GPUs owns parts of a core for each",
               (_g / _c * _uc / _ug) / (_c / _g * _ug / _uc): "cores for each GPU, not GPUs for each core"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: is the CPU back?
busy_cores = facts.value("apps/core-utilisation")
busy_gpus = facts.value("stack-assumptions/lecture-utilisation")
servers = {
    "DGX H100": facts.value("apps/cores-per-gpu-dgx-h100"),
    "GB200 NVL72": facts.value("apps/cores-per-gpu-gb200"),
}
needed = {
    f"{batch} agents at a time": cpu_per_gpu_ratio(
        replace(case, batch=batch).core_s(),
        replace(case, batch=batch).gpu_s(),
        busy_cores,
        busy_gpus,
    )
    for batch in (4, 16, 64)
}
fast_tests = cpu_per_gpu_ratio(case.core_s(), case.gpu_s() / 10, busy_cores, busy_gpus)
bars = needed | {"calls at a tenth of the GPU time": fast_tests} | {f"{n} has": float(v) for n, v in servers.items()}  # fmt: skip
own = cpu_per_gpu_ratio(case.core_s(), case.gpu_s(), busy_cores, busy_gpus)
least = min(servers.values())
axes = plots.bars(
    bars,
    claim=f"Your agents need {own:.0f} cores for each GPU; today's servers have {least:g} to {max(servers.values()):g}",
    x_label="cores for each GPU",
    highlight=[f"{n} has" for n in servers],
)
plots.show(
    axes,
    "Bars of cores needed for each GPU at several batch sizes and with quicker calls, beside what two servers have.",
)
print(
    f"the CPU becomes the scarce part once a task needs {own / least * case.gpu_s():.0f} GPU·s or less; today it needs {case.gpu_s():.0f}"
    if own < least
    else "tests already need more cores than such a server has"
)
print(facts.sources(busy_cores, busy_gpus, *servers.values()))

# %% tags=["explore"]
# explore: a fleet in which sandboxes are short, event by event
tasks_per_s = 0.04
arrivals_s = cluster.arrivals.poisson_arrivals_s(tasks_per_s, duration_s=1800.0, seed=5)
plan = [
    Task("plan", input_tokens=int(case.new_tokens), output_tokens=int(0.4 * case.think_tokens)),
    Task("think", ["plan"], input_tokens=int(case.new_tokens), output_tokens=case.think_tokens),
    Task("search", ["think"], time_s=case.search_s, pool="search"),
    Task("run", ["think"], time_s=case.run_s, pool="sandboxes"),
    Task("write", ["search", "run"], input_tokens=int(case.new_tokens), output_tokens=int(0.8 * case.think_tokens)),
]  # fmt: skip
traffic = agent_requests(arrivals_s, plan, loop=["think", "search", "run"], turns_mean=case.rounds, sigma=0.5, seed=5)  # fmt: skip
waits = {}
for slots in (5, 6, 8, 16):
    fleet = case.fleet(slots)
    result = cluster.simulate(traffic, fleet)
    e2e, path = result.requests.e2e_s, result.requests.critical_path_s
    waits[slots] = float((e2e - path).mean())
    print(
        f"{slots:3d} sandboxes: {e2e.mean():5.0f} s a task, critical path {path.mean():5.0f} s, waiting {waits[slots]:5.0f} s"
    )
print(
    "the critical path is a promise for machines that are never short; what is above it is waiting"
)
print(
    f"a call takes longer the more agents share the node: here {tasks_per_s * path.mean():.0f} agents are at work on average, calls and tools together; section 4 has {case.batch} in calls at any time"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "share_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 · Build: whose time it is
#
# Who is the bottleneck (22:46)? The machine works for `ai_s`, then the person for `human_s`. Write the
# **person's share** of the two. Raise a `ValueError` if both are zero.
#
# *Think of:* a machine that takes no time; a person who does.


# %% nbgrader={"grade": false, "grade_id": "human_share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def human_share(ai_s, human_s):
    """Share of a task's time that is the person's.

    Parameters
    ----------
    ai_s, human_s : float
        Time of machine and person, one after the other [s].

    Returns
    -------
    float
        0 to 1.
    """
    ### BEGIN SOLUTION
    if ai_s + human_s == 0:
        raise ValueError("neither takes any time: there is nothing to share")
    return human_s / (ai_s + human_s)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_human_share", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("human_share(300, 60)", human_share(300.0, 60.0), low=0, high=1)
check.same("a person who takes no time", human_share(300.0, 0.0), 0.0)
check.rising("a quicker machine leaves more to the person", lambda s: human_share(s, 60.0), [300, 60, 5])  # fmt: skip
check.refuses("nobody takes any time", lambda: human_share(0.0, 0.0))
check.ok("human_share: between 0 and 1, in the right direction")
### BEGIN HIDDEN TESTS
try:
    _whole = human_share(0.0, 60.0)
except ValueError:
    raise check.CheckError("a machine that takes no time leaves all of it to the person: refuse only if both are zero") from None  # fmt: skip
check.agrees("a machine that takes no time", _whole, 1.0)
_rng = np.random.default_rng(6)
for _ in range(12):
    _a, _h = float(_rng.uniform(120, 900)), float(_rng.uniform(5, 100))
    check.agrees(
        f"{_a:.0f} s of machine, {_h:.0f} s of person", human_share(_a, _h), _h / (_a + _h),
        hints={_a / _h: "that is the machine's share, the person's was asked for",
               (_a + _h) / _a: "a share is of the whole, machine and person together"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: how fast must the machine be before the person is the larger part?
for label, placement in points.items():
    wait_s = case.latency_s(placement)
    print(
        f"{label:27s} person {human_share(wait_s, case.human_s):.0%} of {wait_s + case.human_s:.0f} s; no chip can make the whole more than {1 / human_share(wait_s, case.human_s):.1f} times as quick"
    )
quickest = human_share(quickest_s, case.human_s)
print(f"everything on the quickest machines: person {quickest:.0%}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "saturate_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Build: how many agents keep a person busy
#
# There is another way to make the person the bottleneck. While one agent works, the person looks after
# others. Each turn with an agent takes `switch_s` to pick up its thread (22:38) and `human_s` to
# review and steer. An agent that was served works for `ai_s` and comes back.
#
# Write the number of agents, not rounded, with which the person is *just* never idle. Raise a
# `ValueError` if the person's turn takes no time.
#
# *Think of:* a machine that takes no time; an agent whose owner returns exactly when it is done.


# %% nbgrader={"grade": false, "grade_id": "agents_to_saturate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def agents_to_saturate(ai_s, human_s, switch_s):
    """Agents that keep one person busy.

    Parameters
    ----------
    ai_s : float
        Time an agent works alone [s].
    human_s, switch_s : float
        Time of the person for review, and to pick up the task [s].

    Returns
    -------
    float
        Agents, not rounded.
    """
    ### BEGIN SOLUTION
    turn_s = human_s + switch_s
    if turn_s == 0:
        raise ValueError("the person's turn takes no time: no number of agents keeps anyone busy")
    return 1 + ai_s / turn_s
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_agents_to_saturate", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("agents_to_saturate(400, 60, 30)", agents_to_saturate(400.0, 60.0, 30.0), low=1, high=100)  # fmt: skip
check.rising("slower machines, more agents", lambda s: agents_to_saturate(s, 60.0, 30.0), [10, 100, 900])  # fmt: skip
check.rising("a slower person, fewer agents", lambda s: -agents_to_saturate(400.0, s, 30.0), [10, 60, 300])  # fmt: skip
check.rising("slower switching, fewer agents", lambda s: -agents_to_saturate(400.0, 60.0, s), [0, 30, 90])  # fmt: skip
check.refuses("a turn that takes no time", lambda: agents_to_saturate(400.0, 0.0, 0.0))
check.ok("agents_to_saturate: direction and limits")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(7)
for _ in range(12):
    _a, _h, _w = (float(x) for x in _rng.uniform((150, 20, 10), (900, 120, 90)))
    _want = 1 + _a / (_h + _w)
    check.agrees(
        f"{_a:.0f} s of machine, {_h:.0f} s of review, {_w:.0f} s to switch", agents_to_saturate(_a, _h, _w), _want,
        hints={(_want - 1) / _want: "the agent that the person is serving counts, too",
               (1 + _a / _h) / _want: "switching is part of the person's turn",
               (1 + _a / (_h + 2 * _w)) / _want: "one switch for each turn: to pick up the thread; leaving it takes no time",
               (1 + (_a + _w) / _h) / _want: "while the person switches, the person is busy, not the machine",
               math.ceil(_want) / _want: "not rounded: the exact number tells how much of the last agent is needed"},
    )  # fmt: skip
check.agrees("a machine that takes no time", agents_to_saturate(0.0, 60.0, 30.0), 1.0)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "tasks_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: what a person gets done
#
# Write how many tasks **an hour** one person finishes with `agents` agents, on average and not rounded. With few of them each goes round
# as fast as it can: machine, switch, review, and again. With many they queue for the person, who
# cannot do more than one turn after another.
#
# *Think of:* one agent; so many agents that more of them change nothing.


# %% nbgrader={"grade": false, "grade_id": "tasks_per_h", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tasks_per_h(agents, ai_s, human_s, switch_s):
    """Tasks that one person finishes in an hour.

    Parameters
    ----------
    agents : float
        Agents that work for the person, at least 1.
    ai_s : float
        Time an agent works alone [s].
    human_s, switch_s : float
        Time of the person for review, and to pick up the task [s].

    Returns
    -------
    float
        Tasks per hour.
    """
    ### BEGIN SOLUTION
    turn_s = human_s + switch_s
    return 3600 * min(agents / (ai_s + turn_s), 1 / turn_s)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_tasks_per_h", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("tasks_per_h(1, 400, 60, 30)", tasks_per_h(1, 400.0, 60.0, 30.0), low=0.5, high=100)
check.same(
    "two agents, twice the tasks, while the person has time",
    tasks_per_h(2, 400.0, 60.0, 30.0),
    2 * tasks_per_h(1, 400.0, 60.0, 30.0),
)
check.rising("a quicker review never hurts", lambda s: tasks_per_h(3, 400.0, s, 30.0), [400, 200])  # fmt: skip
check.same(
    "beyond some number, another agent changes nothing",
    tasks_per_h(1000, 400.0, 60.0, 30.0),
    tasks_per_h(2000, 400.0, 60.0, 30.0),
)
check.ok("tasks_per_h: in proportion at first, flat in the end")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(8)
for _ in range(14):
    _a, _h, _w = (float(x) for x in _rng.uniform((300, 20, 10), (900, 80, 60)))
    _turn, _few, _many = _h + _w, 2, 400
    _want = 7200 / (_a + _turn)
    check.agrees(
        f"{_few} agents, {_a:.0f} s of machine, {_h:.0f} s of review, {_w:.0f} s to switch", tasks_per_h(_few, _a, _h, _w), _want,
        hints={1 / 3600: "tasks an hour, not a second",
               math.floor(_want) / _want: "not rounded: a mean may end within a task",
               round(_want) / _want: "not rounded: a mean may end within a task",
               (7200 / (_a + _h)) / _want: "an agent waits while its owner switches to it",
               (7200 / _a) / _want: "an agent waits during its own review",
               (3600 / _turn) / _want: "so few agents leave the person idle",
               (3600 / (_a / 2 + _turn)) / _want: "two agents work at the same time, and one's review does not stop the other"},
    )  # fmt: skip
    check.agrees(
        f"{_many} agents for one person", tasks_per_h(_many, _a, _h, _w), 3600 / _turn,
        hints={_many / (_a + _turn) * _turn: "one person takes one turn after another, however many agents wait",
               _turn / _h: "switching takes the person's time, too"},
    )  # fmt: skip
    check.agrees(
        "a machine that takes no time, one agent", tasks_per_h(1, 0.0, _h, _w), 3600 / _turn
    )
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the person becomes the bottleneck, without a new chip
switch = facts.value("apps/switch-time")
saturating = agents_to_saturate(ordinary_s, case.human_s, switch)
fast_saturating = agents_to_saturate(case.latency_s(fast_calls), case.human_s, switch)
counts = np.arange(1, 9)


def per_h(wait_s):
    return [tasks_per_h(int(k), wait_s, case.human_s, float(switch)) for k in counts]


flow_per_h = HOUR_S / (quickest_s + case.human_s)  # one agent, and nothing to switch
axes = plots.sweep(
    counts,
    {"GPUs": per_h(ordinary_s), "fast chips": per_h(case.latency_s(fast_calls))},
    claim=f"From {math.ceil(saturating)} agents on, chips of any speed leave the person at {per_h(ordinary_s)[-1]:.0f} tasks an hour",
    x_label="agents for one person",
    y_label="tasks an hour",
    target=(flow_per_h, "one agent on the quickest machines, no switching"),
)
axes.set_ylim(bottom=0)
plots.show(
    axes,
    "Tasks an hour over agents for one person: the line of fast chips rises more steeply, both end at the same height; a dashed line marks one very fast agent without switching.",
)
print(
    f"{saturating:.2f} agents on GPUs or {fast_saturating:.2f} on fast chips keep the person busy; the person finishes as much"
)
print(
    f"a person who never switches does more only if the whole wait is shorter than the switch: {quickest_s:.0f} s here, against {float(switch):g} s"
)
alone_per_h = HOUR_S / (ordinary_s + case.human_s)  # one agent, and the person waits beside it
print(
    f"no faster chip, but more of them: {per_h(ordinary_s)[-1] / alone_per_h:.1f} times the tasks of a person who waits take as many times the machines"
)
print(facts.sources(switch))


# %% tags=["explore"]
# explore: times are not the same every time
def simulated_per_h(agents, sigma, tasks=6000, seed=8):
    """One person and some agents, event by event, with lognormal times of the same means."""
    rng = np.random.default_rng(seed)
    factor = np.exp(rng.normal(-(sigma**2) / 2, sigma, (tasks, 2)))
    waiting, free_s = [0.0] * agents, 0.0  # when each agent comes back; when the person is free
    heapq.heapify(waiting)
    for ai, turn in factor:
        start_s = max(heapq.heappop(waiting), free_s)
        free_s = start_s + turn * (case.human_s + float(switch))
        heapq.heappush(waiting, free_s + ai * ordinary_s)
    return HOUR_S * tasks / free_s


certain = {int(k): tasks_per_h(int(k), ordinary_s, case.human_s, float(switch)) for k in counts}
random_ = {k: simulated_per_h(k, 0.7) for k in certain}
k_up = math.ceil(saturating)
print(
    f"simulated with certain times: {simulated_per_h(k_up, 0.0):.2f} tasks an hour with {k_up} agents; your function: {certain[k_up]:.2f}"
)
axes = plots.sweep(
    counts,
    {"certain times": list(certain.values()), "random times": list(random_.values())},
    claim=f"With random times {k_up} agents reach {random_[k_up] / certain[k_up]:.0%} of what certain times promise",
    x_label="agents for one person",
    y_label="tasks an hour",
)
axes.set_ylim(bottom=0)
plots.show(
    axes,
    "Tasks an hour over agents: with random times the bend is rounded and lies below that of certain times, and both meet with many agents.",
)

# %% tags=["explore"]
# explore: the next gains, each twice as good (42:48)
levers = {
    "today": {},
    "half the tokens (token efficiency)": {"think_tokens": case.think_tokens // 2},
    "rounds twice as sure (harness)": {"round_success": 2 * case.round_success},
    "tests in half the time (orchestration)": {"run_s": case.run_s / 2},
    "context all kept (memory)": {"kept_share": 1.0},
}
rows = {name: replace(case, **change) for name, change in levers.items()}
for name, desk in rows.items():
    usd = sum(desk.whole(desk.cost_usd())[t][m] for t, m in desk.ordinary.items())
    print(f"{name:40s} {desk.latency_s(desk.ordinary):5.0f} s, {format_usd(usd)} of machines")
twice = case.latency_s(fast_calls, decode_speedup=2.0)
print(f"{'chips that write twice as fast':40s} {twice:5.0f} s, at the fast service's price")
print(
    f"memory moves money rather than time: reading what is new takes {case.call_s(1)[0]:.2f} s of a call, because {case.kept_share:.0%} is kept already"
)
print(facts.sources(facts.value("serving/agentic-hit-rate")))

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain who waits
#
# In 150 to 300 words, with numbers from your case:
#
# 1. Is the AI the bottleneck today (22:49)? Show two ways to make it the person: one that needs new chips
#    and one that does not. Which of the two shortens one task, and which only fills the person's hour?
# 2. What does a chip that writes ten times as fast change, and why not tenfold? Which of the lecture's
#    claims about machines (02:01, 23:34, 42:48) hold in your case, which need an assumption, which fail?

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Decide
#
# You pay a team whose members each review what agents make. For each of them you may buy **one** of two
# things, or stay as you are:
#
# - **one agent**: as today, GPUs and small sandboxes; the person waits beside it;
# - **one fast agent**: model calls and sandboxes wherever machine and waiting person cost least
#   together; the person stays in the task and never switches;
# - **several agents**: enough of them on GPUs and small sandboxes that the person is never idle; the
#   person switches between them each time.
#
# The next cells compute what one finished task costs, person and machines together, the same way for
# everyone; they do not use your functions. How many agents there are is settled once, for today's
# times; it does not follow the other inputs.

# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
options = scenario.lab05.OPTIONS
inputs = {
    "reviewer_usd_per_hour": facts.value("apps/reviewer-cost"),
    "human_s": case.human_s,
    "switch_s": facts.value("apps/switch-time"),
    "agents": case.agents_to_buy(),
    "decode_speedup": facts.value("serving/fast-decode-speedup"),
    "fast_price_ratio": case.fast_price_ratio,
    "run_s": case.run_s,
    "think_tokens": case.think_tokens,
}
ranges = {
    "human_s": (0.5 * case.human_s, 2 * case.human_s),
    "switch_s": (
        float(inputs["switch_s"].low),
        5 * float(inputs["switch_s"]),
    ),  # 23 min is too wide to draw
    "agents": (2, 2 * case.agents_to_buy()),
    "fast_price_ratio": (1.0, 2 * case.fast_price_ratio),
    "run_s": (0.2 * case.run_s, 3 * case.run_s),
    "think_tokens": (0.5 * case.think_tokens, 3 * case.think_tokens),
}
print(facts.sources(*inputs.values()))
print("(the person's review, tests, tokens and the number of agents are your case's)")


def usd_per_task(option, **given):
    """Cost of one finished task, person and machines [USD]."""
    return case.usd_per_task(option, **given)


# %% tags=["explore"]
# explore: what a task costs, what the choice hangs on, where it turns
cost = {option: usd_per_task(option, **inputs) for option in options}
for option, usd in cost.items():
    print(f"{option:15s} {format_usd(usd)} a task")
best, rival, *_ = sorted(cost, key=cost.get)


def lead(**given):
    return usd_per_task("one fast agent", **given) - usd_per_task("several agents", **given)


searched = {"switch_s": (1, 3000), "human_s": (5, 2000), "agents": (1, 40), "decode_speedup": (1, 1000),
            "fast_price_ratio": (1, 20), "run_s": (0.1, 600), "think_tokens": (50, 20_000), "reviewer_usd_per_hour": (1, 500)}  # fmt: skip
flips = {
    name: decision.flip_value(lead, inputs, name, *ends, rtol=1e-6)
    for name, ends in searched.items()
}
turning = [f"{name} = {x:.4g}" for name, x in flips.items() if not math.isnan(x)]
print(f"“{best}” is cheapest, then “{rival}”; several against one fast agent: {format_usd(lead(**inputs))} a task")  # fmt: skip
print(f"that turns at {' or '.join(turning) or 'no value searched'}")

frame = decision.tornado(lead, inputs, ranges)
axes = plots.tornado(
    frame,
    claim="What the lead of several agents over one fast agent hangs on",
    x_label="lead, USD a task",
    base=lead(**inputs),
)
plots.show(
    axes,
    f"Tornado chart: how far each input moves the lead of several agents over one fast agent; the widest bars are {', '.join(frame.index[:2])}.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# In 150 to 300 words: which one do you buy, and why? Name the number at which you would choose
# differently and say how you would find out its true value before paying. What does the model leave
# out that a person who juggles several agents would tell you? Then judge the source: who gains when
# listeners believe that only new kinds of chip bring people into flow?

# %% [markdown] nbgrader={"grade": true, "grade_id": "decide", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "calibrate_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How honest were your intervals?
#
# About four in five of your intervals should hold the outcome. The score is in decades: the width of
# the interval, plus ten times the miss. Lower is better.

# %% tags=["explore"]
# explore: your predictions against what came out
outcomes = {
    "ai_s": ordinary_s,
    "fast_gain": fast_gain,
    "agents": agents_to_saturate(ordinary_s, case.human_s, float(switch)),
    "turning_switch_s": flips["switch_s"],
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
