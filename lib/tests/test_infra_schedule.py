"""A project's dates agree with a textbook, with another solver and with closed forms."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import facts, infra
from supercycle.infra import Task

# Hillier and Lieberman, Introduction to Operations Research, chapter on PERT/CPM: the Reliable
# Construction Co.; weeks and thousands of dollars. Columns: low, likely, high, after, duration with
# crashing, cost per week saved (crash cost less normal cost, over the weeks).
RELIABLE = {
    "A": (1, 2, 3, "", 1, 100), "B": (2, 3.5, 8, "A", 2, 50), "C": (6, 9, 18, "B", 7, 80),
    "D": (4, 5.5, 10, "C", 4, 40), "E": (1, 4.5, 5, "C", 3, 160), "F": (4, 4, 10, "E", 3, 40),
    "G": (5, 6.5, 11, "D", 4, 40), "H": (5, 8, 17, "EG", 6, 60), "I": (3, 7.5, 9, "C", 5, 30),
    "J": (3, 9, 9, "FI", 6, 30), "K": (4, 4, 4, "J", 3, 40), "L": (1, 5.5, 7, "J", 3, 50),
    "M": (1, 2, 3, "H", 1, 100), "N": (5, 5.5, 9, "KL", 3, 60),
}  # fmt: skip
MEANS = {"A": 2, "B": 4, "C": 10, "D": 6, "E": 4, "F": 5, "G": 7, "H": 9, "I": 7, "J": 8, "K": 4,
         "L": 5, "M": 2, "N": 6}  # fmt: skip
UNCERTAIN = {
    name: Task(likely, low, high, tuple(after))
    for name, (low, likely, high, after, _, _) in RELIABLE.items()
}
CRASHABLE = {
    name: Task(MEANS[name], after=tuple(after), shortest_months=short, crash_usd_per_month=usd)
    for name, (_, _, _, after, short, usd) in RELIABLE.items()
}


def test_the_textbook_project_takes_44_weeks_along_its_published_path():
    plan = infra.cpm(CRASHABLE)
    assert plan.months == 44
    assert plan.critical_tasks() == list("ABCEFJLN")
    slack = {"D": 4, "G": 4, "H": 4, "M": 4, "I": 2, "K": 1}
    assert plan.total_float == {name: slack.get(name, 0) for name in CRASHABLE}
    assert (plan.late_start["M"], plan.late_finish["M"]) == (42, 44)


def test_free_float_is_what_a_task_may_slip_without_moving_the_next():
    plan = infra.cpm(CRASHABLE)
    # H follows E and G: G runs up to H's start, E stops 9 weeks before it but feeds F at once.
    assert plan.free_float["G"] == 0
    assert plan.free_float["E"] == 0
    assert plan.free_float["M"] == 4


def test_pert_means_are_the_textbooks_and_so_is_the_spread_of_a_single_path():
    assert {n: t.mean_months for n, t in UNCERTAIN.items()} == pytest.approx(MEANS)
    # Along the critical path the textbook adds variances ((high − low)/6)² to 9 weeks²; the beta
    # with these means has slightly more, (mean − low)(high − mean)/7 each.
    path = {
        name: Task(t.likely_months, t.low_months, t.high_months, tuple(before))
        for (name, t), before in zip(
            ((n, UNCERTAIN[n]) for n in "ABCEFJLN"), ["", *"ABCEFJL"], strict=True
        )
    }
    forecast = infra.pert(path, samples=40_000, seed=1)
    variance = sum(
        (t.mean_months - t.low_months) * (t.high_months - t.mean_months) / 7 for t in path.values()
    )
    assert forecast.mean_months == pytest.approx(44, abs=0.06)
    assert forecast.months.var() == pytest.approx(variance, rel=0.03)
    assert variance == pytest.approx(9, rel=0.15)


def test_the_textbook_chance_of_47_weeks_ignores_the_other_paths():
    # Book: Φ((47 − 44)/3) = 0.84 along one path; with all paths it is lower.
    forecast = infra.pert(UNCERTAIN, samples=20_000, seed=2)
    assert 0.70 < forecast.chance_within(47) < 0.84
    assert forecast.merge_bias_months > 0.3


def test_the_textbook_crash_plan_saves_four_weeks_for_140_thousand():
    plan = infra.crash_plan(CRASHABLE, 140)
    assert plan.months == pytest.approx(40)
    assert {n: x for n, x in plan.saved_months.items() if x} == pytest.approx({"J": 2, "F": 2})
    assert plan.cost_usd == pytest.approx(140)


def test_whole_weeks_are_the_best_of_all_combinations():
    small = {n: CRASHABLE[n] for n in "ABC"} | {
        "D": Task(6, after=("C",), shortest_months=4, crash_usd_per_month=40),
        "E": Task(7, after=("C",), shortest_months=5, crash_usd_per_month=30),
    }
    for budget in (0, 75, 130, 200, 1000):
        best = np.inf
        room = [int(t.likely_months - t.shortest_months) for t in small.values()]
        for saved in itertools.product(*(range(r + 1) for r in room)):
            cost = sum(
                x * t.crash_usd_per_month for x, t in zip(saved, small.values(), strict=True)
            )
            if cost <= budget:
                months = {n: t.likely_months - x
                          for (n, t), x in zip(small.items(), saved, strict=True)}  # fmt: skip
                best = min(best, infra.cpm(small, months).months)
        plan = infra.crash_plan(small, budget, whole_months=True)
        assert plan.months == pytest.approx(best), budget
        assert plan.cost_usd <= budget + 1e-6


@st.composite
def projects(draw):
    """A connected project of up to eight tasks with random durations, prices and precedence."""
    count = draw(st.integers(1, 8))
    tasks = {}
    for i in range(count):
        likely = draw(st.floats(0, 20))
        before = draw(st.sets(st.integers(0, i - 1), min_size=1)) if i else set()
        tasks[f"t{i}"] = Task(
            likely,
            likely * draw(st.floats(0, 1)),
            likely + draw(st.floats(0, 20)),
            tuple(f"t{j}" for j in before),
            shortest_months=likely * draw(st.floats(0, 1)),
            crash_usd_per_month=draw(st.floats(0.1, 10)),
        )
    return tasks


@given(projects())
def test_the_length_is_the_longest_path(tasks):
    # NetworkX's own longest path, each edge as long as the task it leaves.
    graph = nx.DiGraph([(name, "end") for name in tasks])
    graph.add_edges_from((b, name) for name, t in tasks.items() for b in t.after)
    for a, _, data in graph.edges(data=True):
        data["weight"] = tasks[a].likely_months
    longest = nx.dag_longest_path_length(graph)
    plan = infra.cpm(tasks)
    assert plan.months == pytest.approx(longest, abs=1e-9)
    path = plan.critical_tasks()
    assert path
    for name in tasks:
        assert 0 <= plan.free_float[name] <= plan.total_float[name] + 1e-9
        slipped = {n: t.likely_months for n, t in tasks.items()}
        slipped[name] += plan.total_float[name]
        assert infra.cpm(tasks, slipped).months == pytest.approx(plan.months, abs=1e-6)


@given(projects())
def test_many_samples_in_one_pass_are_the_same_as_one_by_one(tasks):
    rng = np.random.default_rng(0)
    drawn = {n: rng.uniform(0, 1 + t.likely_months, 5) for n, t in tasks.items()}
    together = infra.cpm(tasks, drawn)
    for k in range(5):
        alone = infra.cpm(tasks, {n: drawn[n][k] for n in tasks})
        assert together.months[k] == alone.months
        for name in tasks:
            assert together.total_float[name][k] == alone.total_float[name]


@settings(max_examples=25)
@given(projects())
def test_the_expected_finish_is_never_before_the_finish_of_expected_durations(tasks):
    forecast = infra.pert(tasks, samples=2000)
    noise = 4 * forecast.months.std() / np.sqrt(2000) + 1e-9
    assert forecast.merge_bias_months >= -noise
    assert max(forecast.criticality.values()) > 0
    lows, highs = ({n: t.range_months[i] for n, t in tasks.items()} for i in (0, 1))
    assert forecast.months.min() >= infra.cpm(tasks, lows).months - 1e-9
    assert forecast.months.max() <= infra.cpm(tasks, highs).months + 1e-9


def test_two_equal_paths_merge_at_the_mean_of_the_larger():
    # max of two independent PERT(0, 1, 2) of standard deviation s: mean 1 + s/√π if they were
    # normal; a beta of this shape is close to it.
    tasks = {"a": Task(1, 0, 2), "b": Task(1, 0, 2), "end": Task(0, after=("a", "b"))}
    forecast = infra.pert(tasks, samples=100_000)
    sigma = np.sqrt(1 / 7)
    assert forecast.merge_bias_months == pytest.approx(sigma / np.sqrt(np.pi), rel=0.03)
    assert forecast.criticality["a"] == pytest.approx(0.5, abs=0.01)


def test_a_common_cause_widens_the_forecast_and_removes_the_merge_bias():
    tasks = infra.campus_project("onsite-gas")
    alone, common = (infra.pert(tasks, correlation=rho) for rho in (0.0, 0.8))
    assert common.months.std() > 1.4 * alone.months.std()
    assert common.merge_bias_months < 0.5 * alone.merge_bias_months


@settings(max_examples=25)
@given(projects(), st.floats(0, 100))
def test_money_shortens_and_a_budget_is_kept(tasks, budget):
    base = infra.cpm(tasks)
    none, some, all_in = (infra.crash_plan(tasks, b) for b in (0.0, budget, np.inf))
    assert none.months == pytest.approx(base.months, abs=1e-5)
    assert none.cost_usd == pytest.approx(0, abs=1e-4)
    assert all_in.months - 1e-5 <= some.months <= none.months + 1e-5
    assert some.cost_usd <= budget + 1e-4
    shortest = infra.cpm(tasks, {n: t.shortest_months for n, t in tasks.items()})
    assert all_in.months == pytest.approx(shortest.months, abs=1e-5)
    assert some.schedule.months == some.months


def test_the_price_of_the_next_month_is_the_slope_of_the_plan():
    tasks = infra.campus_project("onsite-gas")
    here = infra.crash_plan(tasks, 3e8)
    there = infra.crash_plan(tasks, 3e8 + 1e6)
    assert 1e6 / (here.months - there.months) == pytest.approx(here.usd_per_month, rel=1e-3)
    assert infra.crash_plan(tasks, np.inf).usd_per_month == np.inf


def test_a_shortened_project_still_slips():
    tasks = infra.campus_project("onsite-gas")
    plan = infra.crash_plan(tasks, 1e9)
    assert infra.cpm(plan.tasks).months == pytest.approx(plan.months)
    before, after = infra.pert(tasks), infra.pert(plan.tasks)
    assert plan.months < after.mean_months < before.mean_months
    # The plan makes paths equally long, so more of them compete: the bias grows.
    assert (
        after.merge_bias_months / after.mean_months > before.merge_bias_months / before.mean_months
    )


def test_haste_pays_for_a_sunk_campus_and_not_for_one_that_loses_anyway():
    # 38 bn, 10 bn a year: a month is worth 0.76 bn once the money is spent, and less than nothing
    # before. Even the dearest month of the plan costs less than the former.
    case = {"capex_usd": 38e9, "revenue_usd_per_year": 10e9, "opex_usd_per_year": 0.9e9,
            "rate": 0.1, "years": 5}  # fmt: skip
    last = infra.crash_plan(infra.campus_project("onsite-gas"), 1.4e9).usd_per_month
    assert infra.delay_usd_per_month("deferred", **case) < 0
    assert last < infra.delay_usd_per_month("sunk", **case)


@pytest.mark.parametrize(
    ("task", "lead_time"),
    [("turbines", "gas-turbine"), ("transformers", "transformer-large-power-2025"),
     ("switchgear", "switchgear-2025")],
)  # fmt: skip
def test_lead_times_are_those_of_the_energy_table(task, lead_time):
    years = facts.value(f"energy/lead-time-{lead_time}")
    months = facts.value(f"project-tasks/{task}/likely_months")
    assert months == pytest.approx(12 * years, abs=0.05)


def test_from_the_first_earthworks_a_gigawatt_takes_two_to_two_and_a_half_years():
    # Epoch AI: 2 years for 1 GW; Abilene: groundbreaking 2024-06, full build 2026-11 (projected in
    # 2026-04), 29 months. Ours: 27.
    plan = infra.cpm(infra.campus_project("onsite-gas"))
    months = plan.months - plan.early_start["site-works"]
    assert 12 * float(facts.value("datacenter-capex/build-time-1gw")) <= months <= 29


def test_the_grid_takes_longer_than_own_turbines_and_transformers_are_why():
    gas, grid = (infra.pert(infra.campus_project(p)) for p in ("onsite-gas", "grid"))
    assert grid.mean_months > gas.mean_months
    assert grid.criticality["transformers"] > 0.9
    assert gas.criticality["turbines"] > gas.criticality["shell"]


def test_quantiles_and_chances_are_inverse():
    forecast = infra.pert(infra.campus_project("grid"))
    months = forecast.quantile_months(np.array([0.1, 0.5, 0.9]))
    assert forecast.chance_within(months) == pytest.approx([0.1, 0.5, 0.9], abs=1e-3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: infra.cpm({}), "at least one task"),
        (lambda: infra.cpm({"a": Task(1, after=("b",)), "b": Task(1, after=("a",))}), "circle"),
        (lambda: infra.cpm({"a": Task(1, after=("z",))}), "'z', which is not in the project"),
        (lambda: infra.cpm({"a": Task(1), "b": Task(1)}), "2 pieces"),
        (lambda: infra.cpm({"a": Task(1)}, {}), "no duration of the task 'a'"),
        (lambda: infra.cpm({"a": Task(1)}, {"a": -1}), "months"),
        (lambda: infra.cpm({"a": Task(1)}, {"a": np.inf}), "finite"),
        (lambda: infra.cpm({"a": Task(1)}, {"a": float("nan")}), "NaN"),
        (lambda: Task(-1), "likely_months"),
        (lambda: Task(2, 3, 4), "rising order"),
        (lambda: Task(2, 1, np.inf), "finite"),
        (lambda: Task(2, shortest_months=3), "shortest_months"),
        (lambda: Task(2, crash_usd_per_month=-1), "crash_usd_per_month"),
        (lambda: infra.pert({"a": Task(1)}, samples=0), "samples"),
        (lambda: infra.pert({"a": Task(1)}, correlation=1.5), "correlation"),
        (lambda: infra.crash_plan({"a": Task(1)}, -1), "budget_usd"),
        (lambda: infra.crash_plan({"a": Task(1), "b": Task(1)}, 1), "pieces"),
        (lambda: infra.campus_project("fusion"), "power"),
        (lambda: infra.cpm({"a": Task(1)}, {"a": np.ones(3)}).critical_tasks(), "criticality"),
    ],
)
def test_impossible_projects_are_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
