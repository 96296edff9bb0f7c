"""Reload against recompute, hit shares against a cache that is played out, what a tier is worth."""

import itertools
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import chips, facts, infra
from supercycle.infra import Recompute, Tier

# The lecture's 400 k tokens at 100 bn active parameters: 80 layers, width 10,240, 8 KV heads of 128
# in 16 bits, on 9e15 FLOP/s.
KV = 2 * 80 * 8 * 128 * 2
WITH_ATTENTION = Recompute(2 * 100e9, 9e15, 2 * 80 * 10_240)
CASE = {
    "popularity": infra.zipf_popularity(2000, 0.9),
    "prefix_tokens": 20_000,
    "kv_bytes_per_token": KV,
    "recompute": Recompute(1.4e11, 4e14),
    "requests_per_s": 0.1,
    "usd_per_gpu_hour": 2.0,
}


def test_paging_the_lectures_context_takes_two_seconds_and_computing_it_forty():
    # By hand: 327,680 B · 400,000 = 131 GB; over 64 GB/s 2.05 s. 8e16 + 2.62e17 FLOP over 9e15.
    link = Tier("link", 1e12, 64e9)
    assert infra.reload_s(400_000, KV, link) == pytest.approx(131.072 / 64)
    flop = 8e16 + 2 * 80 * 10_240 * 400_000**2
    assert WITH_ATTENTION.time_s(400_000) == pytest.approx(flop / 9e15)
    assert flop / 8e16 == pytest.approx(1 + 3.3, abs=0.05)


@given(st.floats(1, 1e6), st.floats(1e3, 1e7), st.floats(0, 1e-2))
def test_at_the_break_even_bandwidth_reloading_takes_as_long_as_computing(tokens, kv, latency):
    bandwidth = infra.reload_break_even_bytes_per_s(tokens, kv, WITH_ATTENTION, latency_s=latency)
    cold = WITH_ATTENTION.time_s(tokens)
    if np.isinf(bandwidth):
        assert latency >= cold
    else:
        tier = Tier("t", 1e12, bandwidth, latency)
        assert infra.reload_s(tokens, kv, tier) == pytest.approx(cold, rel=1e-6)


def test_many_heads_need_more_bandwidth_and_latent_attention_less():
    # Per layer and token in 16 bits: 64 heads of 128, 8 heads of 128, and DeepSeek-V2's latent
    # (512 + 64 numbers, arXiv:2405.04434).
    kv = 80 * 2 * np.array([2 * 64 * 128, 2 * 8 * 128, 512 + 64])
    mha, gqa, mla = infra.reload_break_even_bytes_per_s(100_000, kv, WITH_ATTENTION)
    assert mha == pytest.approx(8 * gqa)
    assert mla < gqa
    # All of them below one PCIe 5.0 link but the first.
    pcie = float(facts.value("serving/link-pcie-gen5-x16"))
    assert mla < gqa < pcie < mha


def test_long_prefixes_are_easier_to_reload():
    tokens = np.array([1e3, 1e4, 1e5, 1e6])
    needed = infra.reload_break_even_bytes_per_s(tokens, KV, WITH_ATTENTION)
    assert (np.diff(needed) < 0).all()
    linear = infra.reload_break_even_bytes_per_s(tokens, KV, Recompute(2e11, 9e15))
    assert linear == pytest.approx(np.full(4, KV * 9e15 / 2e11))


def play_lru(popularity, capacity, requests, seed=0):
    """Hit share of a least-recently-used cache, request by request, after it has filled."""
    rng = np.random.default_rng(seed)
    kept: OrderedDict[int, None] = OrderedDict()
    hits = 0
    asked = rng.choice(popularity.size, size=requests, p=popularity)
    for count, item in enumerate(asked.tolist()):
        if item in kept:
            kept.move_to_end(item)
            hits += count >= requests // 4
        else:
            kept[item] = None
            if len(kept) > capacity:
                kept.popitem(last=False)
    return hits / (requests - requests // 4)


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.2])
@pytest.mark.parametrize("capacity", [10, 100, 700])
def test_hit_shares_are_those_of_a_cache_that_is_played_out(exponent, capacity):
    popularity = infra.zipf_popularity(1000, exponent)
    played = play_lru(popularity, capacity, 80_000)
    assert infra.lru_hit_share(capacity, popularity) == pytest.approx(played, abs=0.012)


@given(st.integers(2, 300), st.floats(0, 2))
def test_a_larger_cache_never_hits_less_and_one_for_all_hits_always(items, exponent):
    popularity = infra.zipf_popularity(items, exponent)
    hits = infra.lru_hit_share(np.linspace(0, items, 9), popularity)
    assert hits[0] == 0
    assert hits[-1] == 1
    assert (np.diff(hits) >= -1e-9).all()
    # With equal shares the hit share is the share that fits; skew only helps.
    assert (hits >= np.linspace(0, 1, 9) - 1e-9).all()


def test_two_tiers_hold_what_one_of_their_size_would():
    hbm, dram = infra.memory_tier("hbm"), infra.memory_tier("dram")
    both = infra.tier_plan([hbm, dram], **CASE)
    one = infra.tier_plan([Tier("one", hbm.capacity_bytes + dram.capacity_bytes, 1e12)], **CASE)
    assert sum(both.hit_share.values()) == pytest.approx(one.hit_share["one"])
    assert sum(both.hit_share.values()) + both.miss_share == pytest.approx(1)


def test_without_tiers_every_prefix_is_computed_again():
    none = infra.tier_plan([], **CASE)
    assert none.miss_share == 1
    assert none.prefix_s == pytest.approx(CASE["recompute"].time_s(20_000))
    assert none.memory_usd_per_year == 0
    # 0.1 requests a second, 7 s each at 2 USD an hour, a year of 8,760 hours.
    assert none.compute_usd_per_year == pytest.approx(0.1 * 7 * 2 * 8760)


def test_a_tier_slower_than_computing_costs_its_price_and_saves_nothing():
    slow = Tier("tape", 1e13, 1e6, 0.0, 1e-10)
    worth = infra.added_tier_worth_usd_per_year([infra.memory_tier("hbm")], slow, **CASE)
    price = infra.tier_plan([slow], **CASE).memory_usd_per_year
    assert worth == pytest.approx(-price)
    assert worth < 0


def test_a_tier_pays_where_prefixes_come_back_and_not_where_they_do_not():
    hbm, flash = infra.memory_tier("hbm"), infra.memory_tier("flash")
    assert infra.added_tier_worth_usd_per_year([hbm], flash, **CASE) > 0
    idle = {**CASE, "requests_per_s": 1e-5}
    assert infra.added_tier_worth_usd_per_year([hbm], flash, **idle) < 0
    once = {**CASE, "popularity": infra.zipf_popularity(1_000_000, 0.0)}
    dram = infra.memory_tier("dram")
    assert infra.added_tier_worth_usd_per_year([hbm], dram, **once) < 0


@given(st.floats(1.001, 20), st.floats(0.01, 1))
def test_worth_rises_with_traffic_and_with_the_price_of_an_accelerator(factor, requests):
    def worth(**changed):
        return infra.added_tier_worth_usd_per_year(
            [infra.memory_tier("hbm")], infra.memory_tier("dram"),
            **{**CASE, "requests_per_s": requests, **changed},
        )  # fmt: skip

    base = worth()
    assert worth(requests_per_s=requests * factor) >= base
    assert worth(usd_per_gpu_hour=2.0 * factor) >= base


def test_the_table_of_tiers_goes_from_fast_and_dear_to_slow_and_cheap():
    order = ["hbm", "dram", "flash"]
    tiers = [infra.memory_tier(name) for name in order]
    for faster, slower in itertools.pairwise(tiers):
        assert faster.bandwidth_bytes_per_s > slower.bandwidth_bytes_per_s
        assert faster.usd_per_byte > slower.usd_per_byte
        assert faster.capacity_bytes < slower.capacity_bytes
    hbm = chips.accelerator("h100-sxm")
    assert tiers[0].bandwidth_bytes_per_s == hbm.bandwidth_bytes_per_s
    assert tiers[0].capacity_bytes < hbm.memory_bytes
    assert tiers[1].usd_per_byte == float(facts.value("serving/dram-price"))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: Tier("t", 0, 1), "capacity_bytes"),
        (lambda: Tier("t", 1, 0), "bandwidth_bytes_per_s"),
        (lambda: Tier("t", 1, 1, -1), "latency_s"),
        (lambda: Recompute(0, 1), "flop_per_token"),
        (lambda: Recompute(1, float("nan")), "flops_per_s"),
        (lambda: infra.reload_s(-1, 1, Tier("t", 1, 1)), "tokens"),
        (lambda: infra.reload_break_even_bytes_per_s(0, 1, WITH_ATTENTION), "tokens"),
        (lambda: infra.zipf_popularity(0, 1), "items"),
        (lambda: infra.zipf_popularity(5, -1), "exponent"),
        (lambda: infra.lru_hit_share(-1, [1.0]), "capacity_items"),
        (lambda: infra.lru_hit_share(1, [0.5, 0.6]), "popularity"),
        (lambda: infra.lru_hit_share(1, [1.5, -0.5]), "popularity"),
        (lambda: infra.memory_tier("drum"), "drum"),
        (lambda: infra.tier_plan([Tier("t", 1, 1), Tier("t", 2, 1)], **CASE), "different names"),
        (lambda: infra.added_tier_worth_usd_per_year([infra.memory_tier("flash")],
                                                     infra.memory_tier("hbm"), **CASE), "faster"),
    ],
)  # fmt: skip
def test_impossible_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
