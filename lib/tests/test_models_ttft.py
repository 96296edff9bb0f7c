"""The wait for the first token: the lecture's long context by hand, Amdahl, limits, bad input."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import chips, facts, models
from supercycle.models import inference, ttft

LLAMA = models.get("llama-3.1-70b")
H100 = chips.accelerator("h100-sxm")
RATES = {"flops_per_s": 4e15, "bandwidth_bytes_per_s": 2e13, "reload_bytes_per_s": 5e11}

# S14: 100 bn active parameters, 80 layers of width 10,240, 8 key-value heads of 128, bf16
HUNDRED = models.TransformerConfig(
    layers=80, width=10_240, heads=80, kv_heads=8, head_dim=128, ffn_width=33_300, vocab=1
)


# -- the lecture's 400 k tokens, by hand --------------------------------------------------------


def test_a_cold_long_prompt_is_mostly_attention():
    # DISCOVERIES S14: 8e16 FLOP linear plus 3.3 times that in attention
    assert HUNDRED.params() == pytest.approx(100e9, rel=0.01)
    linear, attention = 2 * 100e9 * 4e5, 80 * 4 * 10_240 * 4e5**2 / 2
    assert attention / linear == pytest.approx(3.3, abs=0.05)
    wait = ttft.budget(HUNDRED, input_tokens=4e5, **{**RATES, "flops_per_s": 1e15})
    assert wait.prefill_s == pytest.approx((linear + attention) / 1e15, rel=0.01)


def test_the_quoted_wait_needs_nearly_everything_cached_and_paging_breaks_it():
    # S14: at 9e15 FLOP/s 0.45 s need h ≈ 99.3 %, and paging 131 GB at 64 GB/s takes 2 s
    def prefill_at(hit):
        free = {**RATES, "flops_per_s": 9e15, "reload_bytes_per_s": math.inf}
        return ttft.budget(HUNDRED, input_tokens=4e5, cached_tokens=hit * 4e5, **free).prefill_s

    hit = ttft.required_hit_rate(prefill_at, 0.45)
    assert hit == pytest.approx(0.993, abs=0.001)
    paged = ttft.budget(
        HUNDRED,
        input_tokens=4e5,
        cached_tokens=hit * 4e5,
        **{**RATES, "flops_per_s": 9e15, "reload_bytes_per_s": 64e9},
    )
    assert paged.reload_s == pytest.approx(131e9 / 64e9, rel=0.01)
    assert paged.reload_s > 4 * paged.prefill_s


def test_hit_rates_save_attention_by_their_square():
    # linear part (1 − h), attention (1 − h²)
    h, tokens = 0.8, 1e5
    config = dataclasses.replace(HUNDRED, vocab=1)
    cold, warm = (
        ttft.budget(config, input_tokens=tokens, cached_tokens=c, **RATES).prefill_s
        for c in (0, h * tokens)
    )
    linear = 2 * config.matmul_params * tokens
    attention = 80 * 4 * 10_240 * tokens**2 / 2
    expected = ((1 - h) * linear + (1 - h**2) * attention) / (linear + attention)
    assert warm / cold == pytest.approx(expected, rel=1e-4)


# -- parts and the whole -----------------------------------------------------------------------


def test_the_path_is_what_the_table_says_unless_it_is_given():
    wait = ttft.budget(LLAMA, input_tokens=1000, **RATES)
    assert wait.path_s == pytest.approx(
        sum(facts.value(f"serving/path-{p}") for p in ttft.PARTS[:5])
    )
    assert ttft.budget(LLAMA, input_tokens=1000, queue_s=2.0, **RATES).queue_s == 2.0


def test_parts_add_up_and_an_overlapped_reload_hides():
    wait = ttft.budget(LLAMA, input_tokens=50_000, cached_tokens=40_000, **RATES)
    assert wait.ttft_s == pytest.approx(sum(wait.parts_s.values()))
    hidden = dataclasses.replace(wait, overlapped=True)
    saved = min(wait.reload_s, wait.prefill_s)
    assert hidden.ttft_s == pytest.approx(wait.ttft_s - saved)
    assert hidden.share("reload") + hidden.share("prefill") < wait.share("reload") + wait.share(
        "prefill"
    )


def test_an_engine_waits_as_long_as_it_predicts():
    case = {"tp": 8, "batch": 4, "input_tokens": 8000, "cached_tokens": 6000}
    p = inference.predict(LLAMA, H100, output_tokens=1, **case)
    wait = ttft.engine_budget(LLAMA, H100, reload_bytes_per_s=5e11, **case)
    assert wait.prefill_s == p.prefill_s
    assert wait.decode_s == p.decode_s_per_token
    assert wait.reload_s == pytest.approx(4 * LLAMA.kv_bytes(6000) / 5e11)


def test_a_roofline_engine_without_friction_waits_as_long_as_its_rates():
    # compute-bound prompt: √(c² + m²) ≈ c
    peak = 8 * H100.peak_flops_per_s("bf16")
    band = 8 * H100.bandwidth_bytes_per_s
    rates = {"flops_per_s": peak, "bandwidth_bytes_per_s": band, "reload_bytes_per_s": math.inf}
    by_rate = ttft.budget(LLAMA, input_tokens=30_000, **rates)
    nvlink = dataclasses.replace(H100, scaleup_bytes_per_s=1e30)
    by_engine = ttft.engine_budget(
        LLAMA, nvlink, tp=8, input_tokens=30_000, reload_bytes_per_s=math.inf, engine="roofline"
    )
    assert by_engine.prefill_s == pytest.approx(by_rate.prefill_s, rel=1e-3)
    assert by_engine.decode_s == pytest.approx(by_rate.decode_s, rel=0.01)


def test_budgets_broadcast():
    wait = ttft.budget(
        LLAMA, input_tokens=np.array([[1e3], [1e5]]), cached_tokens=[0, 500, 999], **RATES
    )
    assert wait.ttft_s.shape == (2, 3)
    assert (np.diff(wait.prefill_s, axis=1) < 0).all()


# -- Amdahl ------------------------------------------------------------------------------------


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_no_speed_up_beats_the_rest(part, factor):
    whole = ttft.amdahl_speedup(part, factor)
    assert 1 <= whole <= factor * (1 + 1e-12)
    if part < 1:
        assert whole <= 1 / (1 - part) * (1 + 1e-12)
        assert ttft.amdahl_speedup(part, math.inf) == pytest.approx(1 / (1 - part))


@given(st.sampled_from(ttft.PARTS), st.floats(1, 1e4))
def test_a_faster_part_speeds_the_wait_as_amdahl_says(part, factor):
    wait = ttft.budget(LLAMA, input_tokens=50_000, cached_tokens=40_000, **RATES)
    sped = wait.ttft_s / wait.faster(**{part: factor}).ttft_s
    assert sped == pytest.approx(ttft.amdahl_speedup(wait.share(part), factor))


def test_a_chip_ten_times_faster_exposes_the_path():
    # S14: what was tens of milliseconds beside seconds becomes the largest part
    wait = ttft.engine_budget(
        LLAMA, H100, tp=8, input_tokens=4000, cached_tokens=2000, reload_bytes_per_s=5e11
    )
    fast = wait.faster(prefill=10, decode=10)
    assert wait.path_s / wait.ttft_s < 0.5 < fast.path_s / fast.ttft_s


# -- promises ----------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.floats(0.2, 20))
def test_the_required_hit_rate_keeps_the_promise_exactly(target):
    def ttft_at(hit):
        return ttft.budget(
            LLAMA,
            input_tokens=1e5,
            cached_tokens=hit * 1e5,
            **{**RATES, "reload_bytes_per_s": 4e11},
        ).ttft_s

    try:
        hit = ttft.required_hit_rate(ttft_at, target)
    except ValueError:
        assert ttft_at(1.0) > target
        return
    assert ttft_at(hit) <= target + 1e-6
    assert hit == 0 or ttft_at(hit) == pytest.approx(target, abs=1e-6)


def test_an_engine_can_be_asked_for_its_hit_rate():
    def ttft_at(hit):
        cached = min(hit * 1e5, 1e5 - 1)
        return ttft.engine_budget(
            LLAMA, H100, tp=8, input_tokens=1e5, cached_tokens=cached, reload_bytes_per_s=math.inf
        ).ttft_s

    hit = ttft.required_hit_rate(ttft_at, 1.0)
    assert 0.5 < hit < 1
    assert ttft_at(hit) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ttft.budget(LLAMA, input_tokens=10, cached_tokens=11, **RATES), "cached_tokens"),
        (lambda: ttft.budget(LLAMA, input_tokens=0, **RATES), "input_tokens = 0"),
        (
            lambda: ttft.budget(LLAMA, input_tokens=1, **{**RATES, "reload_bytes_per_s": 0}),
            "reload_bytes_per_s = 0",
        ),
        (lambda: ttft.budget(LLAMA, input_tokens=1, queue_s=-1, **RATES), "queue_s = -1"),
        (lambda: ttft.amdahl_speedup(1.1, 2), "part_share"),
        (lambda: ttft.amdahl_speedup(0.5, 0), "factor = 0"),
        (lambda: ttft.required_hit_rate(lambda h: 1.0, 0.5), "no hit rate keeps it"),
        (lambda: ttft.budget(LLAMA, input_tokens=1, **RATES).share("coffee"), "coffee"),
        (lambda: ttft.budget(LLAMA, input_tokens=1, **RATES).faster(prefill=0), "prefill = 0"),
    ],
)
def test_an_impossible_wait_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
