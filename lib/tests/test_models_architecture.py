"""A published model's parameters, FLOPs and cache bytes follow from its configuration alone."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import facts, models

LLAMA = models.get("llama-3.1-8b")
configs = st.builds(
    lambda layers, groups, kv_heads, half, width, ffn, vocab: models.TransformerConfig(
        layers=layers,
        width=8 * width,
        heads=kv_heads * groups,
        kv_heads=kv_heads,
        head_dim=2 * half,
        ffn_width=ffn,
        vocab=vocab,
    ),
    layers=st.integers(1, 80),
    groups=st.integers(1, 8),
    kv_heads=st.integers(1, 8),
    half=st.integers(1, 64),
    width=st.integers(1, 1024),
    ffn=st.integers(1, 30000),
    vocab=st.integers(1, 200000),
)


@pytest.mark.parametrize("name", models.names())
def test_parameters_are_within_half_a_per_cent_of_the_published_total(name):
    published = facts.value(f"models/{name}/published_params")
    assert models.get(name).params() == pytest.approx(published, rel=0.005)


@pytest.mark.parametrize(
    ("name", "exact"),
    [
        # Exact counts as printed by the publishers' own loaders.
        ("llama-2-7b", 6_738_415_616),
        ("llama-3.1-8b", 8_030_261_248),
        ("mixtral-8x7b", 46_702_792_704),
        ("gpt-2-small", 124_439_808),
    ],
)
def test_well_known_models_are_exact_to_the_parameter(name, exact):
    assert models.get(name).params() == exact


@pytest.mark.parametrize(
    ("name", "published_billion", "within"),
    [
        ("mixtral-8x7b", 12.9, 0.005),  # Mixtral paper, arXiv:2401.04088, section 1
        ("deepseek-v3", 37.0, 0.02),  # DeepSeek-V3 report, arXiv:2412.19437, abstract (rounded)
        ("qwen3-30b-a3b", 3.3, 0.02),  # Qwen3 report, arXiv:2505.09388 (rounded)
    ],
)
def test_active_parameters_of_mixtures_match_the_papers(name, published_billion, within):
    active = models.get(name).active_params()
    assert active / 1e9 == pytest.approx(published_billion, rel=within)


@pytest.mark.parametrize(
    ("name", "bytes_per_token"),
    [
        ("llama-2-7b", 512 * 1024),  # 0.5 MiB: vLLM paper's arithmetic for a 7B with full heads
        ("llama-3.1-70b", 320 * 1024),
        ("deepseek-v3", 70_272),  # (512 + 64) values x 61 layers x 2 B, DeepSeek-V2 section 2.1
        ("opt-13b-like", 800 * 1024),  # 800 KB for OPT-13B: Kwon et al. (2023), section 3
    ],
)
def test_cache_bytes_per_token_are_exact(name, bytes_per_token):
    if name == "opt-13b-like":
        config = models.TransformerConfig(
            layers=40, width=5120, heads=40, kv_heads=40, head_dim=128, ffn_width=20480, vocab=50272
        )
    else:
        config = models.get(name)
    assert config.kv_bytes_per_token() == bytes_per_token


def test_a_400k_prompt_of_llama_70b_leaves_131_gigabytes_of_cache():
    # 80 layers, 8 KV heads of 128, two bytes: worked by hand.
    assert models.get("llama-3.1-70b").kv_bytes(400_000) == 400_000 * 2 * 80 * 8 * 128 * 2


@given(configs)
def test_grouped_queries_with_as_many_key_heads_are_full_attention(config):
    full = dataclasses.replace(config, kv_heads=config.heads)
    groups = config.heads // config.kv_heads
    assert full.kv_bytes_per_token() == groups * config.kv_bytes_per_token()


@given(configs, st.integers(1, 5000), st.integers(0, 5000))
def test_chunks_of_a_prompt_add_up_to_the_cold_prompt(config, first, second):
    head = 2 * config.vocab * config.width
    cold = config.prefill_flops(first + second)
    parts = config.prefill_flops(first) + config.prefill_flops(second, cached=first)
    assert parts - head * (second > 0) == pytest.approx(cold, rel=1e-12)


@given(configs, st.integers(1, 3000))
def test_reading_a_prompt_is_the_sum_of_reading_its_tokens_one_by_one(config, tokens):
    steps = config.flops_per_token(np.arange(1, tokens + 1)).sum()
    assert config.prefill_flops(tokens, all_logits=True) == pytest.approx(steps, rel=1e-12)


@given(st.integers(1, 9000), st.integers(0, 9000))
def test_windowed_prefill_is_the_sum_of_windowed_tokens(tokens, cached):
    config = models.get("gemma-2-9b")  # every other layer looks back 4,096 tokens
    steps = config.flops_per_token(np.arange(cached + 1, cached + tokens + 1)).sum()
    whole = config.prefill_flops(tokens, cached=cached, all_logits=True)
    assert whole == pytest.approx(steps, rel=1e-12)


def test_the_linear_part_is_two_flops_a_weight():
    # Kaplan et al. (2020), section 2.1: forward cost 2 N a token without the context term.
    per_token = LLAMA.flops_per_token(0)
    embedding = LLAMA.vocab * LLAMA.width
    norms = (2 * LLAMA.layers + 1) * LLAMA.width
    assert per_token == 2 * (LLAMA.params() - embedding - norms)


def test_everything_broadcasts_over_arrays():
    contexts = np.array([[0.0, 10.0], [1000.0, 1e6]])
    assert LLAMA.flops_per_token(contexts).shape == (2, 2)
    assert LLAMA.prefill_flops(contexts, cached=contexts[:, :1]).shape == (2, 2)
    assert isinstance(LLAMA.prefill_flops(10), float)


def test_a_million_token_prompt_of_the_largest_model_does_not_overflow():
    big = models.get("llama-3.1-405b")
    assert big.prefill_flops(np.array([1_000_000])) > 1e18


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: models.get("lama-2-7b"), "did you mean 'llama-2-7b'"),
        (lambda: LLAMA.prefill_flops(-1), "tokens = -1: must be a number ≥ 0"),
        (lambda: LLAMA.prefill_flops(10, cached=-5), "cached = -5"),
        (lambda: LLAMA.flops_per_token(float("nan")), "not NaN"),
        (lambda: LLAMA.kv_bytes_per_token(0), "kv_bits = 0: must be a number > 0"),
        (lambda: LLAMA.prefill_flops("long"), "tokens = 'long': must be a number ≥ 0"),
        (lambda: dataclasses.replace(LLAMA, heads=30), "multiple of kv_heads = 8"),
        (lambda: dataclasses.replace(LLAMA, head_dim=127), "must be even"),
        (lambda: dataclasses.replace(LLAMA, layers=0), "layers = 0: must be a whole number ≥ 1"),
        (lambda: dataclasses.replace(LLAMA, width=64.5), "width = 64.5: must be a whole number"),
        (lambda: dataclasses.replace(LLAMA, activation="relu6"), "activation = 'relu6'"),
    ],
)
def test_impossible_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
