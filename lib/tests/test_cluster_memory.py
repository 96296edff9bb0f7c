"""Prefix caches against a plain model of least-recently-used tiers, and against the clock."""

from collections import OrderedDict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import cluster
from supercycle.cluster.memory import PrefixCache

STEPS = cluster.StepTime(0.01, prefill_s=1e-3)
PAGES_A_BLOCK = 2


def machine(blocks: int, *tiers: cluster.Tier) -> cluster.Replica:
    """A replica whose memory holds some prefix blocks of 20 tokens, 2 pages each."""
    return cluster.Replica(
        STEPS, kv_tokens=20 * blocks, block_tokens=10, prefix_block_tokens=20,
        kv_bytes_per_token=1.0, tiers=tiers, watermark_share=0.0,
    )  # fmt: skip


def ask(*prompts: tuple[float, list[int], int]) -> pd.DataFrame:
    """Requests (moment, blocks of the prompt, further tokens) with one token to write."""
    return pd.DataFrame(
        {
            "arrival_s": [moment for moment, _, _ in prompts],
            "input_tokens": [20 * len(blocks) + more for _, blocks, more in prompts],
            "output_tokens": 1,
            "hash_ids": [blocks for _, blocks, _ in prompts],
        }
    )


def test_a_prompt_that_comes_again_is_read_from_its_last_block_on():
    frame = ask((0.0, [1, 2, 3], 5), (1.0, [1, 2, 3], 5), (2.0, [1, 2, 9], 5))
    table = cluster.simulate(frame, cluster.Fleet.of(machine(100))).requests
    assert table["cached_tokens"].tolist() == [0, 60, 40]
    assert table["ttft_s"].tolist() == pytest.approx([0.075, 0.015, 0.035])


def test_the_last_token_is_always_computed():
    frame = ask((0.0, [1, 2], 0), (1.0, [1, 2], 0))
    table = cluster.simulate(frame, cluster.Fleet.of(machine(100))).requests
    assert table["cached_tokens"].tolist() == [0, 20]


def test_requests_that_run_together_share_their_prefix_in_memory():
    # 10 blocks in all: each needs 9 alone, so both fit only because they share 8
    frame = ask((0.0, list(range(8)), 0), (1.0, [*range(8), 100], 0), (1.001, [*range(8), 200], 0))
    frame["output_tokens"] = [1, 10, 10]
    table = cluster.simulate(frame, cluster.Fleet.of(machine(11))).requests
    assert table["cached_tokens"].tolist() == [0, 160, 160]
    assert table["queue_s"].max() < 0.05
    assert table["preemptions"].sum() == 0


class Plain:
    """Tiers as plain lists, most recent last; what falls out of one goes into the next."""

    def __init__(self, *rooms: int) -> None:
        self.tiers = [(OrderedDict(), room) for room in rooms]

    def access(self, blocks: list[int]) -> list[int]:
        """Tier of each block of the leading run that is anywhere; then all are at the top."""
        found, missed = [], False
        for block in blocks:
            tier = next((i for i, (t, _) in enumerate(self.tiers) if block in t), None)
            missed = missed or tier is None
            if not missed:
                found.append(tier)
        for block in reversed(blocks):  # the first block is the most recent
            for tier, _ in self.tiers:
                tier.pop(block, None)
            self.push(0, block)
        return found

    def push(self, i: int, block: int) -> None:
        if i < len(self.tiers):
            tier, room = self.tiers[i]
            tier[block] = None
            if len(tier) > room:
                self.push(i + 1, tier.popitem(last=False)[0])


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=40),
    st.integers(4, 8),
    st.integers(0, 6),
)
def test_tiers_hold_what_a_plain_least_recently_used_model_holds(paths, room, below):
    # prompts are paths in a tree: equal beginnings have equal ids
    prompts = [[hash(tuple(path[: k + 1])) for k in range(len(path))] for path in paths]
    replica = machine(room, cluster.Tier("dram", 20.0 * below, 1e9))
    cache, plain = PrefixCache(replica), Plain(room, below)
    for blocks in prompts:
        here, _ = cache.match(blocks)
        lower = cache.below(blocks[here:])
        assert [0] * here + [1 + tier for tier in lower] == plain.access(blocks)
        held = list(blocks[:here])
        cache.hold(held)
        # what the request holds is no free page
        cache.shrink(PAGES_A_BLOCK * (room - len(blocks)))
        held += cache.add(blocks[here:])
        assert cache.release(held) == len(held)
        cache.shrink(PAGES_A_BLOCK * (room - len(cache.held)))
        assert len(cache.idle) <= room
        assert len(cache.tiers[0]) <= below


def fill_and_return(bandwidth: float) -> pd.Series:
    """A prefix falls out of memory into the tier below, then is asked for again."""
    frame = ask((0.0, [1, 2, 3], 5), (1.0, [10, 11, 12, 13], 5), (2.0, [1, 2, 3], 5))
    fleet = cluster.Fleet.of(machine(5, cluster.Tier("dram", 1e6, bandwidth)))
    return cluster.simulate(frame, fleet).requests.iloc[2]


def test_a_prefix_comes_back_from_below_when_that_is_faster_than_reading_it():
    # blocks 2 and 3 fell (the last of a prompt first): 60 tokens here would be recomputed at
    # 1 ms each, and 40 B come back at the tier's bandwidth
    fast, slow = fill_and_return(1e4), fill_and_return(100.0)
    assert fast["reloaded_tokens"] > 0
    assert slow["reloaded_tokens"] == 0
    assert fast["cached_tokens"] == 60
    reload_s = fast["reloaded_tokens"] / 1e4
    assert fast["ttft_s"] == pytest.approx(reload_s + 0.01 + 5e-3)
    assert slow["ttft_s"] > fast["ttft_s"]


def test_break_even_bandwidth_is_where_reloading_takes_as_long_as_reading():
    # S16, by hand: a token has 1 B and takes 1 ms to read, so 1 kB/s
    tokens, break_even = fill_and_return(1e6)["reloaded_tokens"], 1e3
    assert tokens > 0
    assert fill_and_return(break_even * 1.001)["reloaded_tokens"] == tokens
    assert fill_and_return(break_even * 0.999)["reloaded_tokens"] == 0


def test_more_memory_never_lowers_the_share_of_cached_tokens():
    rng = np.random.default_rng(3)
    families = [[1000 * f + k for k in range(6)] for f in range(12)]
    prompts = [(0.2 * i, families[rng.zipf(1.5) % 12][: rng.integers(1, 7)], 3) for i in range(300)]
    frame = ask(*prompts)
    hits = [
        cluster.simulate(frame, cluster.Fleet.of(machine(blocks))).requests["cached_tokens"].sum()
        for blocks in (8, 16, 32, 100)
    ]
    assert hits == sorted(hits)
    # with room for all, the first of each family pays for its blocks, once
    seen: set[int] = set()
    expected = 0
    for _, blocks, _ in prompts:
        expected += 20 * sum(block in seen for block in blocks)
        seen |= set(blocks)
    assert hits[-1] == expected
