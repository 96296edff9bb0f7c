"""How close the decoder comes to this machine's own ceilings, and to another implementation.

``make bench WHAT=transformer``, or ``python lib/bench/bench_transformer.py [seconds]``. Beside our
times stand those of Hugging Face's Llama with the same weights and a static cache, where
`transformers` is installed; nothing else here needs it.
"""

from __future__ import annotations

import dataclasses
import sys

import torch

from supercycle.transformer import Decoder, measure, small_config

SIZES = {
    "prefill": [(1, 64), (1, 128), (1, 256), (1, 512), (1, 1024), (1, 2048)],
    "decode": [(b, c) for b in (1, 4, 16) for c in (128, 512, 1024, 2048)],
}
SHARED = {"prefill": [(1, 256), (1, 2048)], "decode": [(1, 256), (1, 1024), (4, 1024), (16, 1024)]}
MAKE = {"prefill": measure.prefill_case, "decode": measure.decode_case}


def llama_twin(model):
    """Return Hugging Face's Llama with the same weights, and its configuration."""
    from transformers import LlamaConfig, LlamaForCausalLM

    c = model.config
    config = LlamaConfig(
        vocab_size=c.vocab,
        hidden_size=c.width,
        intermediate_size=c.ffn_width,
        num_hidden_layers=c.layers,
        num_attention_heads=c.heads,
        num_key_value_heads=c.kv_heads,
        head_dim=c.head_dim,
        rms_norm_eps=1e-5,
        max_position_embeddings=4096,
        tie_word_embeddings=False,
        attn_implementation="sdpa",
    )
    twin = LlamaForCausalLM(config).eval()
    sizes = [heads * c.head_dim for heads in (c.heads, c.kv_heads, c.kv_heads)]
    with torch.no_grad():
        twin.model.embed_tokens.weight.copy_(model.embedding.weight)
        twin.lm_head.weight.copy_(model.head.weight)
        for theirs, ours in zip(twin.model.layers, model.blocks, strict=True):
            attention, mlp = theirs.self_attn, theirs.mlp
            pairs = [
                *zip(("q_proj", "k_proj", "v_proj"), ours.attention.qkv.weight.split(sizes), strict=True),
                ("o_proj", ours.attention.out.weight),
            ]  # fmt: skip
            for name, weight in pairs:
                getattr(attention, name).weight.copy_(weight)
            gate, up = ours.ffn.gate_up.weight.chunk(2)
            mlp.gate_proj.weight.copy_(gate)
            mlp.up_proj.weight.copy_(up)
            mlp.down_proj.weight.copy_(ours.ffn.down.weight)
    return twin, config


def twin_case(twin, config, case):
    """Return the same case for the twin."""
    from transformers import StaticCache

    vocab = config.vocab_size

    @torch.inference_mode()
    def prefill():
        cache = StaticCache(config=config, max_cache_len=case.tokens)
        return twin(prompt, past_key_values=cache, use_cache=True, logits_to_keep=1).logits

    @torch.inference_mode()
    def decode():
        answer = twin(token, past_key_values=cache, position_ids=at, use_cache=True).logits
        for layer in cache.layers:  # back to the same context
            if isinstance(layer.cumulative_length, torch.Tensor):
                layer.cumulative_length.fill_(case.context)
            else:
                layer.cumulative_length = case.context
        return answer

    if case.kind == "prefill":
        prompt = torch.randint(vocab, (case.batch, case.tokens))
        return dataclasses.replace(case, run=prefill)
    token = torch.randint(vocab, (case.batch, 1))
    at = torch.full((case.batch, 1), case.context)
    cache = StaticCache(config=config, max_cache_len=case.context + 1)
    with torch.inference_mode():
        twin(
            torch.randint(vocab, (case.batch, case.context)), past_key_values=cache, use_cache=True
        )
    return dataclasses.replace(case, run=decode)


def main(budget_s: float = 30.0) -> None:
    """Print shares of the ceilings, errors of the fits, and times beside the twin's."""
    model = Decoder(small_config())
    ceilings = measure.roof(budget_s=3)
    cases = [MAKE[kind](model, *size) for kind in SIZES for size in SIZES[kind]]
    timings = measure.bench(cases, budget_s * 0.7)
    print(f"ceilings: {ceilings.flops_per_s:.3g} FLOP/s, {ceilings.bytes_per_s:.3g} B/s")
    for case, t in zip(cases, timings, strict=True):
        compute = measure.mfu(t.flops, t.min_s, ceilings.flops_per_s)
        memory = measure.mbu(t.bytes, t.min_s, ceilings.bytes_per_s)
        print(f"{case.label:20} {1e3 * t.min_s:8.2f} ms  MFU {compute:4.0%}  MBU {memory:4.0%}")
    print(f"prefill fit: largest error {measure.fit_prefill(timings).max_error:.1%}")
    print(f"decode fit:  largest error {measure.fit_decode(timings).max_error:.1%}")
    try:
        import transformers
    except ModuleNotFoundError:
        print("no comparison: transformers is not installed")
        return
    twin, config = llama_twin(model)
    ours = [MAKE[kind](model, *size) for kind in SHARED for size in SHARED[kind]]
    theirs = [twin_case(twin, config, case) for case in ours]
    both = measure.bench(
        [case for pair in zip(ours, theirs, strict=True) for case in pair], budget_s * 0.3
    )
    for i, case in enumerate(ours):
        mine, other = both[2 * i].min_s, both[2 * i + 1].min_s
        print(
            f"{case.label:20} {1e3 * mine:8.2f} ms, transformers {transformers.__version__}: "
            f"{1e3 * other:8.2f} ms ({other / mine:.2f} ×)"
        )


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
