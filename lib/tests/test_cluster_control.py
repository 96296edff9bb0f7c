"""Routers, queues, limits and scaling."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import cluster
from supercycle.cluster.control import FairQueue, PriorityQueue, TokenBuckets

STEPS = cluster.StepTime(0.01, prefill_s=1e-4)
REPLICA = cluster.Replica(STEPS, kv_tokens=100_000, max_batch=8, idle_w=100, prefill_w=200,
                          decode_w=200, usd_per_hour=3.6)  # fmt: skip


def traffic(n: int, rate: float, seed: int = 0, **more) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    columns = {
        "arrival_s": rng.exponential(1 / rate, n).cumsum(),
        "input_tokens": rng.geometric(1 / 200, n),
        "output_tokens": rng.geometric(1 / 60, n),
    }
    return pd.DataFrame(columns | more)


# -- routers ------------------------------------------------------------------------------------


def test_round_robin_takes_turns():
    table = cluster.simulate(
        traffic(9, 10), cluster.Fleet.of(REPLICA, 3), router="round_robin"
    ).requests
    assert table["replica"].tolist() == ["main/0", "main/1", "main/2"] * 3


def test_knowing_the_load_beats_taking_turns():
    frame = traffic(2000, 25.0)
    slow, fast = (
        cluster.simulate(frame, cluster.Fleet.of(REPLICA, 3), router=router).summary()
        for router in ("round_robin", "least_tokens")
    )
    assert fast["ttft_p99_s"] < slow["ttft_p99_s"]


def test_knowing_the_caches_finds_more_of_them():
    rng = np.random.default_rng(2)
    families = rng.integers(0, 12, 600)
    frame = traffic(600, 6.0, input_tokens=2100)
    frame["hash_ids"] = [[100 * f + k for k in range(4)] for f in families]
    # room for a third of the families in each
    replica = cluster.Replica(STEPS, kv_tokens=14_000, max_batch=8)
    blind, aware = (
        cluster.simulate(frame, cluster.Fleet.of(replica, 3), router=router).summary()
        for router in ("least_tokens", "prefix_aware")
    )
    assert aware["cached_share"] > blind["cached_share"] + 0.1
    assert aware["ttft_mean_s"] < blind["ttft_mean_s"]


def test_a_router_of_ones_own_is_taken_as_it_is():
    last = lambda call, machines: machines[-1]  # noqa: E731
    table = cluster.simulate(traffic(5, 10), cluster.Fleet.of(REPLICA, 3), router=last).requests
    assert set(table["replica"]) == {"main/2"}


# -- queues -------------------------------------------------------------------------------------


def served(queue: str, frame: pd.DataFrame, slots: int = 1) -> pd.DataFrame:
    pool = cluster.Pool("desk", cluster.Station(slots), queue=queue)
    return cluster.simulate(frame, cluster.Fleet((pool,))).requests


def test_the_urgent_wait_as_cobham_says():
    # Cobham (1954), non-preemptive priorities in M/G/1: W1 = R/(1 − ρ1), W2 = W1/(1 − ρ), with
    # R = λ E[S²]/2; exponential service of mean 1, ρ1 = 0.3, ρ = 0.8
    rng, n = np.random.default_rng(11), 100_000
    frame = pd.DataFrame(
        {
            "arrival_s": rng.exponential(1 / 0.8, n).cumsum(),
            "service_s": rng.exponential(1.0, n),
            "priority": (rng.random(n) > 0.3 / 0.8).astype(int),
        }
    )
    table = served("priority", frame).assign(priority=frame["priority"])
    residual = 0.8
    for priority, expected in ((0, residual / 0.7), (1, residual / (0.7 * 0.2))):
        waits = table.loc[table["priority"] == priority, "queue_s"].to_numpy()
        batches = np.array([part.mean() for part in np.array_split(waits, 25)])
        assert abs(batches.mean() - expected) < 3.5 * batches.std(ddof=1) / 5


def test_order_of_service_does_not_change_the_mean_wait_of_equal_jobs():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "arrival_s": rng.exponential(1.2, 3000).cumsum(),
            "service_s": 1.0,
            "session": rng.integers(0, 3, 3000),
            "priority": rng.integers(0, 3, 3000),
        }
    )
    means = [served(queue, frame)["queue_s"].mean() for queue in ("fifo", "priority", "fair")]
    assert means == pytest.approx([means[0]] * 3, rel=1e-9)


def test_a_greedy_user_does_not_starve_a_modest_one():
    # one user floods a machine at the start, another asks now and then
    flood = traffic(400, 1000.0, session="greedy")
    modest = traffic(40, 2.0, seed=1, session="modest")
    frame = pd.concat([flood, modest]).sort_values("arrival_s", ignore_index=True)
    waits = {}
    for queue in ("fifo", "fair"):
        pool = cluster.Pool("main", REPLICA, queue=queue)
        table = cluster.simulate(frame, cluster.Fleet((pool,))).requests
        waits[queue] = table[frame["session"] == "modest"]["queue_s"].mean()
    assert waits["fair"] < waits["fifo"] / 10


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), min_size=1, max_size=60))
def test_two_users_who_always_wait_are_served_within_one_request_of_each_other(jobs):
    # Sheng et al. (2024), theorem 4.4: the counters of backlogged users differ by a bounded amount
    users, sizes = [user for user, _ in jobs], [size for _, size in jobs]
    queue = FairQueue([0] * len(jobs), users)
    for call in range(len(jobs)):
        queue.append(call)
    got: dict[int, int] = dict.fromkeys(users, 0)
    left = {user: users.count(user) for user in users}
    while queue:
        backlogged = [user for user, n in left.items() if n]
        call = queue.popleft()
        queue.charge(call, sizes[call])
        got[users[call]] += sizes[call]
        left[users[call]] -= 1
        counters = [got[user] for user in backlogged]
        assert max(counters) - min(counters) <= max(sizes)


@given(st.lists(st.integers(0, 5), max_size=40))
def test_a_priority_queue_is_a_stable_sort(priorities):
    queue = PriorityQueue(priorities)
    for call in range(len(priorities)):
        queue.append(call)
    order = [queue.popleft() for _ in priorities]
    assert order == sorted(range(len(priorities)), key=lambda call: priorities[call])


# -- limits -------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.floats(0, 100), st.integers(1, 300)), min_size=1, max_size=60),
    st.floats(0, 50),
    st.floats(1, 1000),
)
def test_nobody_uses_more_than_the_bucket_and_its_flow(asks, rate, burst):
    buckets = TokenBuckets(cluster.RateLimit(rate, burst))
    used = 0.0
    asks = sorted(asks)
    for moment, tokens in asks:
        if buckets.allow("me", tokens, moment, lambda: 1.0):
            used += tokens
        assert used <= burst + rate * (moment - asks[0][0]) + 1e-6


def test_spare_capacity_makes_limits_generous():
    # S9: the same limit turns away fewer when more machines stand behind it
    frame = traffic(1500, 12.0, session=0)
    limit = cluster.RateLimit(tokens_per_s=800, burst_tokens=3000, spare_share=0.5)
    turned = []
    for machines in (1, 2, 6):
        pool = cluster.Pool("main", REPLICA, machines)
        result = cluster.simulate(frame, cluster.Fleet((pool,), rate_limit=limit))
        turned.append(int(result.summary()["limited"]))
    assert turned[0] > turned[1] > turned[2] == 0
    strict = cluster.Fleet((pool,), rate_limit=cluster.RateLimit(800, 3000))
    assert cluster.simulate(frame, strict).summary()["limited"] > turned[0]


# -- scaling ------------------------------------------------------------------------------------


def test_a_pool_grows_with_its_load_after_the_start_up_and_shrinks_again():
    burst = traffic(600, 30.0)
    tail = traffic(60, 0.5, seed=9)
    tail["arrival_s"] += burst["arrival_s"].iloc[-1] + 30
    frame = pd.concat([burst, tail], ignore_index=True)
    rule = cluster.Autoscale(1, 5, target_load=2000, every_s=1.0, start_up_s=5.0)
    fleet = cluster.Fleet((cluster.Pool("main", REPLICA, autoscale=rule),))
    result = cluster.simulate(frame, fleet, sample_s=0.5)
    up = result.timeline.set_index("time_s")["machines"]
    assert up[:5.5].max() == 1  # ordered at the first decision, here five seconds later
    assert up.max() == 5
    assert up.iloc[-1] == 1
    fixed = cluster.simulate(frame, cluster.Fleet.of(REPLICA, 5))
    assert result.machines["cost_usd"].sum() < 0.6 * fixed.machines["cost_usd"].sum()
    # start-up is paid for: 3.6 USD an hour is a tenth of a cent a second
    assert result.machines["cost_usd"].sum() == pytest.approx(1e-3 * result.machines["on_s"].sum())
    assert (result.requests["status"] == "done").all()


def test_impossible_rules_are_named():
    with pytest.raises(ValueError, match="most = 1: must be at least least = 2"):
        cluster.Autoscale(2, 1, 100)
    with pytest.raises(ValueError, match="spare_share = 2"):
        cluster.RateLimit(1, 1, 2)
    with pytest.raises(ValueError, match="count = 9 of pool 'main': must be between"):
        cluster.Pool("main", REPLICA, 9, autoscale=cluster.Autoscale(1, 2, 100))
    with pytest.raises(ValueError, match="queue = 'lifo'"):
        cluster.Pool("main", REPLICA, queue="lifo")
