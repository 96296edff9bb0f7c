"""Shapley value and core, the contrast to competition."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import apps

LAYERS = ("energy", "chips", "infra", "models", "apps")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 19), min_size=5, max_size=5))
def test_one_firm_per_layer_gets_a_fifth_whatever_the_costs(costs):
    players, worth = apps.chain_game({n: [c] for n, c in zip(LAYERS, costs, strict=True)}, 100.0)
    surplus = 100 - sum(costs)
    assert list(apps.shapley(players, worth).values()) == pytest.approx([surplus / 5] * 5)


def test_with_one_firm_per_layer_the_core_allows_any_split():
    players, worth = apps.chain_game({n: [10.0] for n in LAYERS}, 100.0)
    for span in apps.core(players, worth).values():
        assert (span.low_usd, span.high_usd) == pytest.approx((0, 50))


def test_a_second_like_firm_takes_all_from_its_layer_in_the_core_but_not_by_shapley():
    players, worth = apps.chain_game({"chips": [10.0, 10.0], "apps": [10.0]}, 100.0)
    core, value = apps.core(players, worth), apps.shapley(players, worth)
    assert core["chips", 0].high_usd == pytest.approx(0)
    assert core["apps", 0].low_usd == pytest.approx(80)
    # the gloves game: 2/3 to the scarce side, 1/6 to each of the others
    assert list(value.values()) == pytest.approx([80 / 6, 80 / 6, 80 * 2 / 3])


def test_a_cheaper_firm_keeps_at_most_its_cost_advantage_in_the_core():
    players, worth = apps.chain_game({"chips": [10.0, 25.0], "apps": [10.0]}, 100.0)
    core = apps.core(players, worth)
    assert core["chips", 0].high_usd == pytest.approx(15)
    assert core["chips", 1].high_usd == pytest.approx(0)


def test_the_airport_game_splits_each_stretch_among_its_users():
    # Littlechild and Owen (1973): runway costs 1, 3, 7 → 1/3, 1/3 + 2/2, 1/3 + 2/2 + 4
    cost = {"small": 1.0, "middle": 3.0, "large": 7.0}
    value = apps.shapley(list(cost), lambda s: -max((cost[p] for p in s), default=0.0))
    assert list(value.values()) == pytest.approx([-1 / 3, -4 / 3, -16 / 3])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_shapley_is_the_mean_over_all_orders_of_arrival(seed):
    rng = np.random.default_rng(seed)
    players = list("abcd")
    table = {
        frozenset(g): rng.uniform(0, 10) if g else 0.0
        for k in range(5)
        for g in itertools.combinations(players, k)
    }
    mean = dict.fromkeys(players, 0.0)
    for arrival in itertools.permutations(players):
        for i, p in enumerate(arrival):
            mean[p] += (table[frozenset(arrival[: i + 1])] - table[frozenset(arrival[:i])]) / 24
    assert apps.shapley(players, table.__getitem__) == pytest.approx(mean)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        # a majority of three shares a pie: no split is stable
        (lambda: apps.core("abc", lambda s: float(len(s) >= 2)), "core is empty"),
        (lambda: apps.shapley([], len), "players"),
        (lambda: apps.shapley(["a", "a"], len), "different"),
        (lambda: apps.shapley(range(20), len), "at most"),
        (lambda: apps.shapley(["a"], lambda s: 1.0), "nobody"),
        (lambda: apps.chain_game({}, 1.0), "costs_usd"),
        (lambda: apps.chain_game({"chips": []}, 1.0), "chips"),
        (lambda: apps.chain_game({"chips": [-1.0]}, 1.0), "chips"),
        (lambda: apps.chain_game({"chips": [1.0]}, 0.0), "value_usd"),
    ],
)
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
