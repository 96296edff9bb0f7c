"""Every student of lab05 has an agent and a reviewer of their own, and the same reasoning to do."""

import math
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from supercycle import apps, cluster, decision, facts, scenario
from supercycle.scenario.lab05 import BEFORE, LOOP, OPTIONS

DEFAULT = scenario.draw("lab05", "default")
CASES = [DEFAULT, *(scenario.draw("lab05", f"seed-{i}") for i in range(500))]
SOME = CASES[::25]  # each a solver, or many placements
SWITCH_S = 60.0


def choice(case, **changes):
    own = {
        "reviewer_usd_per_hour": 60.0,
        "human_s": case.human_s,
        "switch_s": SWITCH_S,
        "agents": case.agents_to_buy(),
        "decode_speedup": 10.0,
        "fast_price_ratio": case.fast_price_ratio,
        "run_s": case.run_s,
        "think_tokens": case.think_tokens,
    }
    return own | changes


def calls_on(case, machine):
    return case.ordinary | dict.fromkeys(("plan", "think", "write"), machine)


def test_a_code_always_draws_the_same_case_and_another_code_another():
    assert scenario.draw("lab05", "seed-7") == CASES[8]
    drawn = {(c.model, c.chip, c.context_tokens, c.think_tokens, c.run_s, c.human_s) for c in CASES}
    assert len(drawn) > 450


def test_every_agent_takes_minutes_and_every_review_about_one():
    for case in CASES:
        assert 180 < case.latency_s(case.ordinary) < 900  # minutes, as the lecture says
        assert 60 <= case.human_s <= 120
        assert 3 < case.rounds < 6
        assert apps.human_share(case.latency_s(case.ordinary), case.human_s) < 0.35
        assert 3 <= case.agents_to_buy() <= 6


def test_the_mean_number_of_rounds_is_the_sum_of_survival_probabilities():
    fail = 1 - DEFAULT.round_success
    assert DEFAULT.rounds == pytest.approx(sum(fail**k for k in range(DEFAULT.cap)))


def test_the_graph_is_listed_so_that_nobody_waits_for_a_later_task():
    graph = nx.DiGraph([(a, b) for b in BEFORE for a in BEFORE[b]])
    order = list(BEFORE)
    assert nx.is_directed_acyclic_graph(graph)
    assert set(LOOP) < set(graph)
    assert all(order.index(a) < order.index(b) for a, b in graph.edges)


def test_a_loop_of_whole_rounds_takes_as_long_as_its_unrolled_graph():
    # With p = 0 the agent always uses up the cap, so every round can be written out.
    case = replace(DEFAULT, round_success=0.0, cap=3)
    body = apps.task_graph(list(LOOP), [("think", "search"), ("think", "run")])
    rounds = apps.unroll(body, 3)
    seconds = {t: case.time_s()[t[0]][case.ordinary[t[0]]] for t in rounds}
    loop_s = apps.critical_path_s(rounds, seconds)
    ends_s = case.time_s()["plan"]["gpu"] + case.time_s()["write"]["gpu"]
    assert case.latency_s(case.ordinary) == pytest.approx(loop_s + ends_s)


def test_the_solver_finds_the_cheapest_of_all_placements():
    for case in SOME:
        usd = case.whole(case.cost_usd())
        every = [(case.latency_s(p), sum(usd[t][p[t]] for t in p)) for p in case.placements()]
        slowest = max(s for s, _ in every)
        for deadline_s in (1.001 * min(s for s, _ in every), 0.5 * slowest, slowest):
            least = min(cost for s, cost in every if s <= deadline_s)
            assert case.solved(deadline_s).cost_usd == pytest.approx(least)


def test_a_mix_of_machines_beats_fast_chips_alone_in_time_and_money():
    for case in SOME:
        fast = calls_on(case, "fast")
        usd = case.whole(case.cost_usd())
        mixed = case.solved(case.latency_s(fast) - 1)
        assert mixed.cost_usd < sum(usd[t][m] for t, m in fast.items())


def test_tests_are_most_of_what_a_fast_chip_leaves():
    for case in CASES:
        fast = calls_on(case, "fast")
        tests_s = case.rounds * case.run_s
        assert tests_s / case.latency_s(fast) > 0.6
        gain = case.latency_s(case.ordinary) / case.latency_s(fast)
        endless = case.latency_s(case.ordinary) / case.latency_s(fast, decode_speedup=1e9)
        assert 1.5 < gain < endless < 5


def test_moving_the_cache_is_no_reason_to_stay_on_one_machine():
    for case in CASES:
        assert 0 < case.transfer_s < 1
        mixed = case.ordinary | {"think": "fast"}
        moved = case.latency_s(mixed) - case.latency_s(mixed, transfer_s=0.0)
        # on the way there; the way back runs beside the last test
        assert moved == pytest.approx(case.transfer_s)


def test_servers_of_today_have_cores_to_spare_for_todays_calls():
    least = facts.value("apps/cores-per-gpu-dgx-h100")
    for case in CASES:
        cores = apps.cpu_per_gpu_ratio(
            case.core_s(), case.gpu_s(), cpu_utilisation=0.4, gpu_utilisation=0.4
        )
        assert 1 < cores < least < 10 * cores  # a tenth of the GPU time turns it


def test_gpu_time_by_hand():
    read_s, write_s = DEFAULT.call_s(DEFAULT.think_tokens)
    share = 0.4 + DEFAULT.rounds + 0.8  # answers, over those of a round's thinking
    calls = 2 + DEFAULT.rounds
    expected = 8 * (calls * read_s + share * write_s / DEFAULT.batch)
    assert DEFAULT.gpu_s() == pytest.approx(expected, rel=0.01)  # decode slows as the answer grows


def test_several_agents_cost_least_and_waiting_costs_most():
    for case in SOME:
        cost = {option: case.usd_per_task(option, **choice(case)) for option in OPTIONS}
        assert sorted(cost, key=cost.get) == ["several agents", "one fast agent", "one agent"]
        assert 1 < cost["several agents"] < 10


def test_the_switching_time_at_which_the_choice_turns_exists():
    for case in SOME:

        def lead(case=case, **given):
            return case.usd_per_task("one fast agent", **given) - case.usd_per_task(
                "several agents", **given
            )

        turn_s = decision.flip_value(lead, choice(case), "switch_s", 1, 3000, rtol=1e-6)
        assert SWITCH_S < turn_s < 300


def test_without_machines_cost_the_choice_is_the_wait_against_the_switch():
    # Person alone, enough agents: wait + review against switch + review.
    fast, several = (
        DEFAULT.usd_per_task(o, **choice(DEFAULT, reviewer_usd_per_hour=3600e6, agents=100)) / 1e6
        for o in OPTIONS[1:]
    )
    wait_s = min(DEFAULT.latency_s(p) for p in DEFAULT.placements())
    assert fast == pytest.approx(wait_s + DEFAULT.human_s)
    assert several == pytest.approx(SWITCH_S + DEFAULT.human_s)


def test_kept_context_leaves_little_to_gain_from_more_memory():
    for case in CASES:
        all_kept = replace(case, kept_share=1.0)
        saved_s = case.latency_s(case.ordinary) - all_kept.latency_s(case.ordinary)
        assert 0 <= saved_s < 0.02 * case.latency_s(case.ordinary)


def test_too_few_sandboxes_make_agents_wait():
    arrivals_s = np.arange(20) * 20.0
    plan = [
        cluster.agent_traffic.Task("think", input_tokens=500, output_tokens=100),
        cluster.agent_traffic.Task("run", ["think"], time_s=30.0, pool="sandboxes"),
    ]
    requests = cluster.agent_traffic.agent_requests(arrivals_s, plan)
    waits = []
    for slots in (1, 4):
        done = cluster.simulate(requests, DEFAULT.fleet(slots)).requests
        waits.append(float((done.e2e_s - done.critical_path_s).mean()))
    assert waits[0] > 50 > 1 > waits[1]  # one sandbox: each next agent waits ten seconds longer


def test_unknown_options_and_hopeless_deadlines_are_named():
    with pytest.raises(ValueError, match="must be one of one agent"):
        DEFAULT.usd_per_task("two agents", **choice(DEFAULT))
    with pytest.raises(ValueError, match="no placement meets it"):
        DEFAULT.solved(1.0)
    assert math.isfinite(DEFAULT.solved(math.inf).latency_s)
