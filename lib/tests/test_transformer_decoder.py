"""The decoder says the same however it reads, and counts what its configuration predicts."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from supercycle import models
from supercycle.models import TransformerConfig
from supercycle.transformer import Decoder, KVCache, decode, generate, prefill, small_config

TOLERANCE = 1e-5
"""Logits have a standard deviation near 1, so this is relative and absolute alike."""


@st.composite
def configs(draw):
    kv_heads = draw(st.integers(1, 3))
    return TransformerConfig(
        layers=draw(st.integers(1, 3)),
        width=draw(st.integers(1, 6)) * 8,
        heads=kv_heads * draw(st.integers(1, 4)),
        kv_heads=kv_heads,
        head_dim=2 * draw(st.integers(1, 8)),
        ffn_width=draw(st.integers(1, 96)),
        vocab=draw(st.integers(2, 80)),
        tied_embeddings=draw(st.booleans()),
    )


def random_tokens(config, batch, tokens, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(config.vocab, (batch, tokens), generator=draw)


@settings(max_examples=15, deadline=None)
@given(
    config=configs(), batch=st.integers(1, 3), prompt=st.integers(1, 12), chunk=st.integers(1, 7)
)
def test_cached_chunked_and_full_reading_agree(config, batch, prompt, chunk):
    model = Decoder(config, seed=1)
    text = random_tokens(config, batch, prompt + 4)
    with torch.inference_mode():
        full = model(text)
        assert torch.equal(model(text, last_only=True), full[:, -1:]) or torch.allclose(
            model(text, last_only=True), full[:, -1:], atol=TOLERANCE, rtol=TOLERANCE
        )
    for chunk_tokens in (None, chunk):
        cache = model.new_cache(batch, prompt + 4)
        scores = [prefill(model, text[:, :prompt], cache, chunk_tokens=chunk_tokens)]
        scores += [decode(model, text[:, t], cache) for t in range(prompt, prompt + 4)]
        torch.testing.assert_close(
            torch.stack(scores, dim=1), full[:, prompt - 1 :], atol=TOLERANCE, rtol=TOLERANCE
        )


@settings(max_examples=15, deadline=None)
@given(config=configs())
def test_predicted_parameters_are_the_ones_torch_holds(config):
    assert sum(p.numel() for p in Decoder(config).parameters()) == config.params()


def test_llama_3_8b_can_be_built_to_be_counted():
    config = models.get("llama-3.1-8b")
    model = Decoder(config, device="meta")
    assert sum(p.numel() for p in model.parameters()) == config.params() == 8_030_261_248


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
@pytest.mark.parametrize("tokens", [1, 64, 300])
def test_predicted_flops_are_the_ones_torch_counts(kv_heads, tokens):
    # torch's counter sees attention only on `meta` (or a GPU) and counts the full square.
    config = small_config(kv_heads=kv_heads)
    model = Decoder(config, device="meta")
    text = torch.zeros(3, tokens, dtype=torch.long, device="meta")
    with FlopCounterMode(display=False) as counter:
        model(text, last_only=True)
    assert counter.get_total_flops() == 3 * config.prefill_flops(tokens, causal=False)
    with FlopCounterMode(display=False) as counter:
        model(text)
    assert counter.get_total_flops() == 3 * config.prefill_flops(
        tokens, causal=False, all_logits=True
    )


@pytest.mark.parametrize("kv_heads", [1, 4])
def test_predicted_decode_flops_are_the_ones_torch_counts(kv_heads):
    config = small_config(kv_heads=kv_heads)
    model = Decoder(config, device="meta")
    cache = KVCache(config, batch=2, context_tokens=128, device="meta")
    cache.length = 99
    with FlopCounterMode(display=False) as counter:
        decode(model, torch.zeros(2, dtype=torch.long, device="meta"), cache)
    assert counter.get_total_flops() == 2 * config.flops_per_token(100)


@settings(max_examples=5, deadline=None)
@given(config=configs(), batch=st.integers(1, 3))
def test_a_cache_takes_the_predicted_bytes(config, batch):
    cache = KVCache(config, batch, 10)
    assert cache.bytes() == batch * 10 * config.kv_bytes_per_token(kv_bits=32)


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_greedy_words_do_not_depend_on_the_cache(kv_heads):
    model = Decoder(small_config(kv_heads=kv_heads), seed=2)
    prompt = random_tokens(model.config, 2, 9)
    with_cache = generate(model, prompt, 24)
    assert with_cache.shape == (2, 24)
    assert torch.equal(with_cache, generate(model, prompt, 24, use_cache=False))


def test_a_token_never_sees_the_ones_after_it():
    model = Decoder(small_config())
    text = random_tokens(model.config, 1, 20)
    other = text.clone()
    other[0, 12:] = (other[0, 12:] + 1) % model.config.vocab
    with torch.inference_mode():
        before, after = model(text), model(other)
    assert torch.equal(before[:, :12], after[:, :12])
    assert not torch.allclose(before[:, 12:], after[:, 12:])


def test_rotary_attention_sees_distances_not_places():
    # The same text behind a different number of positions that nobody attends to.
    from supercycle.transformer.decoder import _rotate

    model = Decoder(small_config(), dtype=torch.float64)
    q, k = torch.randn(2, 1, 1, 1, 64, dtype=torch.float64)

    def score(q_at, k_at):
        turned_q = _rotate(q, *model._rotation(q_at, q_at + 1))
        return (turned_q * _rotate(k, *model._rotation(k_at, k_at + 1))).sum().item()

    assert score(40, 10) == pytest.approx(score(930, 900), rel=1e-9)
    assert score(40, 10) != pytest.approx(score(40, 11), rel=1e-3)


def test_the_same_seed_gives_the_same_model():
    tokens = random_tokens(small_config(), 1, 5)
    one, same, other = (Decoder(small_config(), seed=s)(tokens) for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"activation": "gelu"}, "activation = 'gelu': Decoder builds only 'swiglu'"),
        ({"norm": "layernorm"}, "norm = 'layernorm'"),
        ({"positions": "learned", "max_positions": 64}, "positions = 'learned'"),
        ({"qkv_bias": True}, "qkv_bias = True"),
        ({"window": models.Window(64)}, "window = Window"),
        ({"experts": models.Experts(4, 2, 32)}, "experts = Experts"),
        ({"latent": models.Latent(8, 8, 8, 8, 8)}, "latent = Latent"),
    ],
)
def test_what_it_does_not_build_is_refused_by_name(change, said):
    shape = {"layers": 1, "width": 16, "heads": 2, "kv_heads": 2, "head_dim": 8, "ffn_width": 32}
    config = TransformerConfig(**{**shape, "vocab": 10, **change})
    with pytest.raises(ValueError, match=said.split(":")[0]):
        Decoder(config)


def test_an_odd_head_size_is_refused():
    with pytest.raises(ValueError, match="head_dim = 7"):
        TransformerConfig(
            layers=1, width=16, heads=2, kv_heads=2, head_dim=7, ffn_width=32, vocab=10
        )


def test_misuse_is_answered_in_one_sentence():
    model = Decoder(small_config())
    text = random_tokens(model.config, 2, 8)
    cache = model.new_cache(2, 10)
    prefill(model, text, cache)
    with pytest.raises(
        ValueError, match="8 more tokens do not fit: the cache holds 8 of at most 10"
    ):
        prefill(model, text, cache)
    with pytest.raises(ValueError, match="batch = 1: the cache was made for 2 sequences"):
        decode(model, text[:1, 0], cache)
    with pytest.raises(ValueError, match=r"torch.bfloat16.* the model is torch.float32"):
        model(text, KVCache(model.config, 2, 10, dtype=torch.bfloat16))
    with pytest.raises(ValueError, match="the cache has"):
        model(text, KVCache(small_config(kv_heads=2), 2, 10))
    with pytest.raises(ValueError, match="tokens are on meta: the model is on cpu"):
        model(text.to("meta"))
    with pytest.raises(ValueError, match="between 0 and vocab - 1 = 511"):
        model(text + 512)
    with pytest.raises(ValueError, match="must be whole numbers of shape"):
        model(text.float())
    with pytest.raises(ValueError, match="one token a sequence"):
        decode(model, text, cache)
    with pytest.raises(ValueError, match=r"dtype = torch.int8"):
        Decoder(model.config, dtype=torch.int8)
    with pytest.raises(ValueError, match="device = 'gpu'"):
        Decoder(model.config, device="gpu")
    with pytest.raises(ValueError, match="new_tokens = 0"):
        generate(model, text, 0)
    with pytest.raises(ValueError, match="context_tokens = -1"):
        model.new_cache(1, -1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_said():
    with pytest.raises(ValueError, match="shows PyTorch no GPU"):
        Decoder(small_config(), device="cuda")


def test_a_refused_token_leaves_the_cache_as_it_was():
    model = Decoder(small_config())
    cache = model.new_cache(1, 4)
    prefill(model, torch.tensor([[1, 2]]), cache)
    with pytest.raises(ValueError, match="vocab"):
        decode(model, torch.tensor([9999]), cache)
    assert cache.length == 2


def test_without_torch_one_sentence_says_what_to_install():
    code = "import sys; sys.modules['torch'] = None; import supercycle.transformer"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.strip().splitlines()[-1] == (
        "ModuleNotFoundError: supercycle.transformer needs PyTorch: pip install torch"
    )
