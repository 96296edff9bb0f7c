# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] nbgrader={"grade": false, "grade_id": "title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Lab 3 · Time to first token
#
# You press Enter, and for a moment nothing happens. Who uses up that moment, what does it cost, and
# what would you pay to get it back?
#
# | lecture | what was said |
# | --- | --- |
# | 29:04 | the first token still takes 400 to 500 milliseconds, because the context has to be paged in first |
# | 30:46 | the models take 400 k tokens of context, and all of them pass through attention before the first token |
# | 31:36 | app, network and load balancing add tens of milliseconds |
# | 31:47 | a much faster decode chip made those other latencies show |
# | 32:46 | every 30 or 50 milliseconds shaved off lifts engagement, revenue and retention |
#
# You will write the eight functions that decide whether these five sentences can be true together,
# measure a small transformer on this machine, and then spend someone's money.
#
# **How it works.** *Predict* → *build* → *measure* → *explain* → *decide*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. Everything is in SI units (seconds, bytes, FLOP), and a name ends with its unit.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

import numpy as np

from supercycle import check, chips, decision, facts, models, plots, scenario
from supercycle.units import MILLI, format_si, format_usd

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "models.TransformerConfig.prefill_flops",
    "models.TransformerConfig.flops_per_token",
    "models.TransformerConfig.kv_bytes_per_token",
    "models.TransformerConfig.kv_bytes",
    "apps.demand_factor",
    "apps.latency_value_usd_per_year",
)

case = scenario.draw("lab03")  # your own case: product, model and node
model = models.get(case.model)
chip = chips.accelerator(case.chip)
print(f"your case ({case.code}): {model.name} on {case.chips_count} × {chip.name}")
print(f"prompts of {case.context_tokens:,} tokens, {case.hit_rate:.1%} of them seen before")
print(f"promised time to first token: {format_si(case.target_s, 's')}")
print(f"revenue: {format_usd(case.revenue_usd_per_year)} a year")

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Before any arithmetic: four guesses for **your case**. Write each as `(low, best, high)`, an interval
# you would bet on four to one. Nobody grades whether you are right; at the end you see whether your
# intervals were honest.
#
# - `cold_prefill_s`: seconds your node needs to read the whole prompt when nothing of it is cached
# - `new_tokens_allowed`: how many tokens may be *new* if the promise is to be kept
# - `paging_s`: seconds to bring the cached prompt into the accelerators, each over its own PCIe link
# - `shave_usd_per_year`: what 50 ms less are worth to the product, in dollars a year

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"cold_prefill_s": (low, best, high), ...}
### BEGIN SOLUTION
predictions = {
    "cold_prefill_s": (5, 40, 300),
    "new_tokens_allowed": (100, 2000, 20000),
    "paging_s": (0.05, 0.5, 5),
    "shave_usd_per_year": (1e6, 2e7, 5e8),
}
### END SOLUTION

# %% tags=["explore"]
# explore: are these four intervals?
for name in ("cold_prefill_s", "new_tokens_allowed", "paging_s", "shave_usd_per_year"):
    check.prediction(name, predictions.get(name))
check.ok("four predictions, stored for the end of the lab")

# %% [markdown] nbgrader={"grade": false, "grade_id": "prefill_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: the FLOPs of reading a prompt
#
# Reading a prompt (*prefill*) does two kinds of matrix work for each new token:
#
# - it passes through every weight of the layers once: one multiply and one add per weight. The
#   library counts those weights for you: `model.matmul_params` (no embedding, no output head);
# - in each of `model.layers` layers, each of `model.heads` heads compares the token with every token
#   it may look at (a dot product over `model.head_dim` numbers) and then adds up their values (as
#   many again). A token may look at the `cached` tokens before the prompt, at the new ones before
#   it, **and at itself**.
#
# Write `prefill_flop(model, new, cached)`. Multiply and add count as two. Leave the output head out.
#
# *Think of:* no new token; one new token; a prompt cut into two chunks, the second of which finds the
# first in the cache.


# %% nbgrader={"grade": false, "grade_id": "prefill_flop", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prefill_flop(model, new, cached=0):
    """FLOP to compute `new` tokens of a prompt that follow `cached` ones.

    Parameters
    ----------
    model : TransformerConfig
        Has matmul_params, layers, heads, head_dim.
    new, cached : float
        Tokens.

    Returns
    -------
    float
        FLOP.
    """
    ### BEGIN SOLUTION
    linear = 2 * model.matmul_params * new
    pairs = new * cached + new * (new + 1) / 2  # token i looks at itself, too
    attention = 4 * model.layers * model.heads * model.head_dim * pairs
    return linear + attention
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_prefill_flop", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "prefill_flop(model, 1000)", prefill_flop(model, 1000), low=1e12, high=1e17, unit="FLOP"
)
check.same("no new token costs nothing", prefill_flop(model, 0, 500), 0.0)
check.rising("a longer prompt costs more", lambda t: prefill_flop(model, t), [1, 10, 100, 1000])
check.rising("a longer past costs more", lambda t: prefill_flop(model, 10, t), [0, 10, 1000])
check.same(
    "two chunks cost what the cold prompt costs",
    prefill_flop(model, 300) + prefill_flop(model, 700, cached=300),
    prefill_flop(model, 1000),
)
check.ok("prefill_flop: sign, direction, and chunks that add up")
### BEGIN HIDDEN TESTS
_slips = {
    0.5: "a multiply and an add are two FLOPs",
    2.0: "the causal mask keeps half of the square",
}
for _name in ("llama-2-7b", "llama-3.1-70b", "qwen2.5-7b"):
    _m = models.get(_name)
    _weights = 2 * _m.matmul_params
    _pair = 4 * _m.layers * _m.heads * _m.head_dim
    check.agrees(
        f"what 1,000 cached tokens add to the attention of one new token of {_name}",
        prefill_flop(_m, 1, 1000) - prefill_flop(_m, 1), _pair * 1000,
        hints={0.5: "a multiply and an add are two FLOPs, for the scores and for the weighted values",
               _m.kv_heads / _m.heads: "query heads do the work, not key and value heads"},
    )  # fmt: skip
    check.agrees(
        f"one token of {_name}, which looks only at itself",
        prefill_flop(_m, 1), _weights + _pair, hints=_slips,
    )  # fmt: skip
    for _new, _cached in ((7, 0), (500, 250), (20_000, 380_000)):
        _steps = _cached + np.arange(1, _new + 1)
        check.agrees(
            f"{_new:,} new tokens after {_cached:,} cached ones of {_name}",
            prefill_flop(_m, _new, _cached), float((_weights + _pair * _steps).sum()), hints=_slips,
        )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: where does the quadratic part overtake the linear one?
lengths = np.geomspace(1e3, case.context_tokens, 60)
linear_flop = 2 * model.matmul_params * lengths
total_flop = np.array([prefill_flop(model, t) for t in lengths])
equal_at = float(np.interp(1.0, (total_flop - linear_flop) / linear_flop, lengths))
axes = plots.sweep(
    lengths,
    {"weights": linear_flop, "attention": total_flop - linear_flop},
    claim=f"Beyond {equal_at / 1000:.0f} k tokens {model.name} spends more on attention than on weights",
    x_label="tokens in the prompt",
    y_label="FLOP",
    log="xy",
)
plots.show(
    axes,
    "Two rising lines over prompt length, both axes logarithmic: the attention line is steeper and crosses the weights line.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "kv_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Build: the bytes a token leaves behind
#
# What has been read need not be read again, if its keys and values are kept. Each layer keeps one key
# and one value vector of `model.head_dim` numbers for each of its `model.kv_heads` key-value heads.
#
# *Think of:* a model in which every query head has its own keys and values; numbers of 8 bits.


# %% nbgrader={"grade": false, "grade_id": "kv_bytes_per_token", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kv_bytes_per_token(model, bits=16):
    """Bytes that one token adds to the key-value cache.

    Parameters
    ----------
    model : TransformerConfig
        Has layers, kv_heads, head_dim.
    bits : float
        Bits of one number.

    Returns
    -------
    float
        Bytes per token.
    """
    ### BEGIN SOLUTION
    numbers = 2 * model.layers * model.kv_heads * model.head_dim  # a key and a value
    return numbers * bits / 8
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_kv_bytes_per_token", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "kv_bytes_per_token(model)", kv_bytes_per_token(model), low=1e3, high=1e8, unit="bytes"
)
check.same(
    "8 bits take half of 16", kv_bytes_per_token(model, bits=8), kv_bytes_per_token(model) / 2
)
check.ok("kv_bytes_per_token: a plausible number of bytes, in proportion to the bits")
### BEGIN HIDDEN TESTS
for _name in ("llama-2-7b", "llama-2-70b", "qwen2.5-7b", "gemma-2-9b"):
    _m = models.get(_name)
    for _bits in (16, 8, 4):
        check.agrees(
            f"{_name} with {_bits} bits",
            kv_bytes_per_token(_m, bits=_bits), 2 * _m.layers * _m.kv_heads * _m.head_dim * _bits / 8,
            hints={0.5: "keys and values are both kept",
                   1 / _m.layers: "every layer keeps its own keys and values",
                   _m.heads / _m.kv_heads: "query heads counted where key-value heads keep the cache"},
        )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: "hundreds of megabytes" of context (lecture, 30:42)?
text_bytes = 4 * case.context_tokens  # about four characters a token in English
cache_bytes = case.context_tokens * kv_bytes_per_token(model)
print(f"the prompt as text:  {format_si(text_bytes, 'B')}")
print(f"the prompt as cache: {format_si(cache_bytes, 'B')}")
print(f"memory of the node:  {format_si(case.chips_count * chip.memory_bytes, 'B')}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "measure_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Measure: a small transformer on this machine
#
# Below is the same kind of network, small enough for one processor core. Its *prefill* reads prompts
# of growing length; its *decode* makes one more token with growing context and batch. The clock is
# honest: warmed up, cases taken in turn, the fastest of many runs. The machine's own ceilings
# are measured in the same minute, so a ratio means something even where a second does not.
#
# Look for two shapes: a curve that bends upwards, and straight lines that fan out with the batch.
# If a cell reports more than the ceiling, another programme held the core while the ceiling was
# measured: close it and measure again.

# %% tags=["explore"]
# explore: about half a minute
from supercycle.transformer import Decoder, measure, small_config

small = small_config()
net = Decoder(small, seed=0)
prompt_lengths = [64, 128, 256, 512, 1024, 2048]
contexts, batches = [128, 512, 1024, 2048], [1, 4, 16]
timings = measure.bench(
    [measure.prefill_case(net, 1, t) for t in prompt_lengths]
    + [measure.decode_case(net, b, c) for b in batches for c in contexts],
    budget_s=20,
)
roof = measure.roof()
print(
    f"{small.params() / 1e6:.1f} M parameters on one core, which computes at most {format_si(roof.flops_per_s, 'FLOP/s')}"
)
print(
    f"and moves at most {format_si(roof.bytes_per_s, 'B/s')} of a large block, both measured just now"
)

# %% tags=["explore"]
# explore: the quadratic
prefill_s = {t.tokens: t.min_s for t in timings if t.kind == "prefill"}
fit = measure.fit_prefill(timings)
smooth = np.linspace(64, 2048, 80)
with plots.figure("Reading twice the prompt takes more than twice the time") as axes:
    plots.measured_against(
        axes,
        {"measured": (prompt_lengths, [prefill_s[t] / MILLI for t in prompt_lengths])},
        {
            "measured": (smooth, fit(smooth) / MILLI),
            "weights alone": (smooth, (fit.c0_s + fit.c1_s_per_token * smooth) / MILLI),
        },
    )
    axes.set_xlabel("tokens in the prompt")
    axes.set_ylabel("milliseconds to read it")
plots.show(
    axes,
    "Measured prefill times over prompt length bend upwards, away from the straight line of the weights alone.",
)
print(f"a line and a parabola fit within {fit.max_error:.0%}")
for tokens, seconds in prefill_s.items():
    print(
        f"{tokens:5d} tokens: {prefill_flop(small, tokens) / seconds / roof.flops_per_s:4.0%} of the compute ceiling"
    )

# %% [markdown] nbgrader={"grade": false, "grade_id": "decode_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Build: the time of one decode step
#
# Decoding makes one token for each sequence of a batch. There is little to compute and much to fetch:
# every step reads **all weights once** (shared by the batch) and **each sequence's cache once**.
# Assume that memory is the limit.
#
# *Think of:* one sequence without context; a second sequence; twice the bandwidth.


# %% nbgrader={"grade": false, "grade_id": "decode_s_per_token", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decode_s_per_token(
    weight_bytes, kv_bytes_per_token, bandwidth_bytes_per_s, batch=1, context_tokens=0
):
    """Seconds of one decode step when memory traffic is the limit.

    Parameters
    ----------
    weight_bytes : float
        All weights [B].
    kv_bytes_per_token : float
        Cache of one token of one sequence [B/token].
    bandwidth_bytes_per_s : float
        Memory bandwidth [B/s].
    batch : float
        Sequences decoded together.
    context_tokens : float
        Tokens in each sequence's cache.

    Returns
    -------
    float
        Seconds.
    """
    ### BEGIN SOLUTION
    cache_bytes = batch * context_tokens * kv_bytes_per_token
    return (weight_bytes + cache_bytes) / bandwidth_bytes_per_s
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_decode_s_per_token", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "decode_s_per_token(140e9, 3e5, 5e12)",
    decode_s_per_token(140e9, 3e5, 5e12),
    low=1e-4,
    high=10,
    unit="s",
)
check.rising(
    "a longer context takes longer",
    lambda c: decode_s_per_token(1e9, 1e5, 1e12, 1, c),
    [0, 100, 10_000],
)
check.rising(
    "a larger batch takes longer", lambda b: decode_s_per_token(1e9, 1e5, 1e12, b, 100), [1, 2, 64]
)
check.same(
    "without context the batch rides for free",
    decode_s_per_token(1e9, 1e5, 1e12, 64, 0),
    decode_s_per_token(1e9, 1e5, 1e12, 1, 0),
)
check.ok("decode_s_per_token: weights shared, caches not")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(3)
check.agrees(
    "one sequence without context: weights over bandwidth",
    decode_s_per_token(16e9, 1e5, 3.35e12),
    16e9 / 3.35e12,
)
check.agrees(
    "one sequence, where no batch is named",
    decode_s_per_token(1e9, 1e5, 1e12, context_tokens=1000),
    (1e9 + 1000 * 1e5) / 1e12,
)
for _ in range(20):
    _w, _k, _bw = _rng.uniform(1e9, 1e12), _rng.uniform(1e4, 1e6), _rng.uniform(1e11, 1e13)
    _b, _c = int(_rng.integers(1, 256)), int(_rng.integers(0, 200_000))
    check.agrees(
        f"{_b} sequences with {_c:,} tokens each", decode_s_per_token(_w, _k, _bw, _b, _c), (_w + _b * _c * _k) / _bw,
        hints={float(_b): "that is the time for the batch one after the other: it shares the weights",
               1 / _b: "the step takes this long for the whole batch, do not divide by it",
               (_b * (_w + _c * _k)) / (_w + _b * _c * _k): "the batch shares the weights: read them once",
               (_w + _c * _k) / (_w + _b * _c * _k): "each sequence of the batch has its own cache",
               _w / (_w + _b * _c * _k): "the caches have to be read as well"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: does the straight line appear on this machine?
step_s = {(t.batch, t.context): t.min_s for t in timings if t.kind == "decode"}
line = measure.fit_decode(timings)
with plots.figure("Each token of context costs the same, and the batch multiplies it") as axes:
    plots.measured_against(
        axes,
        {f"batch {b}": (contexts, [step_s[b, c] / MILLI for c in contexts]) for b in batches},
        {f"batch {b}": (contexts, line(np.array(contexts), b) / MILLI) for b in batches},
    )
    axes.set_xlabel("tokens already in the context")
    axes.set_ylabel("milliseconds for one step")
plots.show(
    axes, "Decode time over context length: three straight lines, steeper for larger batches."
)
bits = 32  # this processor computes in 32-bit numbers
for b in batches:
    promised = decode_s_per_token(
        small.weight_bytes(bits), kv_bytes_per_token(small, bits), roof.bytes_per_s, b, 2048
    )
    print(
        f"batch {b:2d}, 2,048 tokens: measured {format_si(step_s[b, 2048], 's')}, your roofline {format_si(promised, 's')}"
    )

# %% tags=["explore"]
# explore, with sliders where your notebook can show them: on which side of the ridge?
from supercycle.explore import Knob, explore


def on_the_roof(batch, context_tokens):
    """Where one decode step and one cold prefill stand under the roofline of the node."""
    attention_flop = 4 * model.layers * model.heads * model.head_dim * context_tokens
    decode_flop = batch * (2 * model.matmul_params + attention_flop)
    cache_bytes = context_tokens * kv_bytes_per_token(model)
    decode = decode_flop / (model.weight_bytes() + batch * cache_bytes)
    prefill = prefill_flop(model, context_tokens) / (model.weight_bytes() + cache_bytes)
    ridge = chip.peak_flops_per_s("bf16") / chip.bandwidth_bytes_per_s
    axes = plots.roofline(
        case.chips_count * chip.peak_flops_per_s("bf16"),
        case.chips_count * chip.bandwidth_bytes_per_s,
        {"decode": decode, "prefill": prefill},
        claim=f"Decoding {batch:,.0f} × {context_tokens:,.0f} tokens waits for {'memory' if decode < ridge else 'computing'}, at {decode:,.0f} FLOP a byte",
    )
    return axes, (
        f"Roofline of {case.chips_count} {case.chip}: decode at {decode:,.0f} FLOP/B, prefill at {prefill:,.0f}, ridge at {ridge:,.0f}."
    )


explore(
    on_the_roof,
    batch=Knob("requests in the batch", 1, 1, 1024, log=True, steps=10),
    context_tokens=Knob("tokens in each context", 2048, 128, 2**17, log=True, steps=10),
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "accelerator_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Carry it to an accelerator
#
# Your function and the table of chips now say how long a cold prompt takes on real nodes: its FLOP
# over what a node sustains, the peak FLOP/s times the share of it that long prefills reach. Compare
# with the half second of the lecture (29:11).

# %% tags=["explore"]
# explore: a cold prompt on eight of each
mfu = facts.value("serving/prefill-mfu")
cold_flop = prefill_flop(model, case.context_tokens)
cold_s = {}
for name in ("a100-80gb", "h100-sxm", "h200", "mi300x", "b200", "gb200"):
    peak = chips.accelerator(name).peak_flops_per_s("bf16")
    cold_s[name] = cold_flop / (8 * mfu * peak)
    print(
        f"8 × {name:10s} {cold_s[name]:6.1f} s cold; for {format_si(case.target_s, 's')} one user would need "
        f"{math.ceil(cold_flop / (mfu * peak * case.target_s)):6,d} of them"
    )
print(facts.sources(mfu))

# %% tags=["explore"]
# explore: your functions against a real accelerator, where somebody has measured one
recorded = facts.table("measured-decoder-gpu")
recorded = recorded[recorded.n > 0]
if recorded.empty:
    print("no measurement on an accelerator ships with the course yet, and none is invented;")
    print("with a GPU at hand: supercycle measure --gpu --budget 480")
else:
    largest = recorded[recorded.params == recorded.params.max()]
    sizes = ("layers", "width", "heads", "kv_heads", "head_dim", "ffn_width", "vocab")
    built = models.TransformerConfig(**{n: int(largest[n].iloc[0]) for n in sizes})
    print(f"{largest.model.iloc[0]} on {largest.machine.iloc[0]}")
    for _, row in largest.sort_values(["kind", "tokens", "batch", "context"]).iterrows():
        if row.kind == "prefill":
            promised_s = row.batch * prefill_flop(built, row.tokens) / row.roof_flops_per_s
            size = f"prefill {row.tokens:,.0f} tokens"
        else:
            promised_s = decode_s_per_token(
                built.weight_bytes(16),
                kv_bytes_per_token(built),
                row.roof_bytes_per_s,
                row.batch,
                row.context,
            )
            size = f"decode {row.batch:.0f} × {row.context:,.0f}"
        print(
            f"{size:24} measured {format_si(row.min_s, 's'):>8}, your roofline {promised_s / row.min_s:4.0%} of it"
        )

# %% [markdown] nbgrader={"grade": false, "grade_id": "reload_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 · Build: paging the cache in
#
# So the prompt cannot be cold. In an agent's next turn nearly all of it was there before, and its
# cache lies somewhere: still in the accelerators' memory, in the host's, on flash, or across the
# network. `tokens` says how many lie on each tier and `link_bytes_per_s` how fast each tier is read.
# The tiers are read one after the other. A tier of infinite bandwidth is one that need not be read.
#
# *Think of:* a single tier given as plain numbers; a cache that is resident; nothing cached at all.


# %% nbgrader={"grade": false, "grade_id": "kv_reload_s", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kv_reload_s(tokens, kv_bytes_per_token, link_bytes_per_s):
    """Seconds to bring a kept cache into the accelerator.

    Parameters
    ----------
    tokens : float or sequence of float
        Cached tokens on each tier.
    kv_bytes_per_token : float
        [B/token].
    link_bytes_per_s : float or sequence of float
        Bandwidth of each tier [B/s].

    Returns
    -------
    float
        Seconds, all tiers together.
    """
    ### BEGIN SOLUTION
    seconds = np.asarray(tokens) * kv_bytes_per_token / np.asarray(link_bytes_per_s)
    return float(np.sum(seconds))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_kv_reload_s", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "kv_reload_s(1000, 3e5, 6e10)", kv_reload_s(1000, 3e5, 6e10), low=1e-5, high=10, unit="s"
)
check.same("nothing cached takes no time", kv_reload_s(0, 3e5, 6e10), 0.0)
check.same("a resident cache takes no time", kv_reload_s(1000, 3e5, math.inf), 0.0)
check.same(
    "two halves over the same link take as long as the whole",
    kv_reload_s([500, 500], 3e5, [6e10, 6e10]),
    kv_reload_s(1000, 3e5, 6e10),
)
check.ok("kv_reload_s: bytes over bandwidth, tier by tier")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(6)
_bits = {
    8.0: "links are given in bytes per second already",
    1 / 8: "links are given in bytes per second already",
}
check.agrees(
    "131 GB over one PCIe 5.0 x16 link",
    kv_reload_s(400_000, 327_680, 6.3e10),
    400_000 * 327_680 / 6.3e10,
    hints=_bits,
)
for _ in range(10):
    _t, _l = _rng.uniform(0, 3e5, 3), _rng.uniform(1e10, 1e12, 3)
    _terms = _t * 2e5 / _l
    check.agrees(
        "three tiers, read one after the other", kv_reload_s(_t, 2e5, _l), float(_terms.sum()),
        hints={float(_terms.max() / _terms.sum()): "the tiers are read one after the other, not at once",
               float(_t.sum() * 2e5 / _l.sum() / _terms.sum()): "each tier has its own bandwidth: add times, not bandwidths",
               float(_terms.mean() / _terms.sum()): "add the times of the tiers, do not average them"},
    )  # fmt: skip
check.agrees(
    "lists instead of arrays, one tier resident",
    kv_reload_s([1e5, 2e5], 1e5, [math.inf, 5e10]),
    0.4,
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "ttft_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Build: the budget
#
# Now the whole wait. Before the model starts, the request passes through everything in `other_s`, one
# after the other (app, network, balancing, tokenising, queue). Then the cache is paged in, the new
# tokens are computed, and one decode step gives the first token. A good engine pages layer by layer
# while it computes: with `overlapped=True` only the longer of the two counts.
#
# *Think of:* an empty path; paging far longer than computing, and the other way round.


# %% nbgrader={"grade": false, "grade_id": "ttft_s", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ttft_s(other_s, reload_s, prefill_flop, flops_per_s, decode_s, overlapped=False):
    """Seconds from Enter to the first token.

    Parameters
    ----------
    other_s : dict from str to float
        Everything before the model [s].
    reload_s : float
        Paging the cache in [s].
    prefill_flop : float
        Work of the new tokens [FLOP].
    flops_per_s : float
        What the node sustains [FLOP/s].
    decode_s : float
        One decode step [s].
    overlapped : bool
        Whether paging and computing run at the same time.

    Returns
    -------
    float
        Seconds.
    """
    ### BEGIN SOLUTION
    compute_s = prefill_flop / flops_per_s
    model_s = max(reload_s, compute_s) if overlapped else reload_s + compute_s
    return sum(other_s.values()) + model_s + decode_s
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_ttft_s", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_path = {"network": 0.03, "queue": 0.02}
check.number("ttft_s(…)", ttft_s(_path, 0.1, 1e15, 4e15, 0.01), low=0.05, high=5, unit="s")
check.same("an empty request takes no time", ttft_s({}, 0.0, 0.0, 1e15, 0.0), 0.0)
check.rising(
    "more to compute takes longer", lambda f: ttft_s(_path, 0.1, f, 1e15, 0.01), [0, 1e14, 1e15]
)
check.same(
    "overlapping saves nothing when there is nothing to page",
    ttft_s(_path, 0.0, 1e15, 1e15, 0.01, overlapped=True),
    ttft_s(_path, 0.0, 1e15, 1e15, 0.01),
)
check.ok("ttft_s: parts in a row, two of them at once if asked")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(7)
for _ in range(20):
    _o = dict(zip("abcde", _rng.uniform(0, 0.05, 5), strict=True))
    _r, _f, _p, _d = (
        _rng.uniform(0.05, 3),
        _rng.uniform(1e14, 1e16),
        _rng.uniform(1e15, 1e16),
        _rng.uniform(0.005, 0.05),
    )
    _before = sum(_o.values())
    _apart, _at_once = _before + _r + _f / _p + _d, _before + max(_r, _f / _p) + _d
    check.agrees(
        "paging, then computing", ttft_s(_o, _r, _f, _p, _d), _apart,
        hints={(_apart - _d) / _apart: "the first token needs a decode step",
               (_apart - _before) / _apart: "everything before the model counts, too",
               _at_once / _apart: "only an overlapped engine pages while it computes"},
    )  # fmt: skip
    check.agrees(
        "paging while computing", ttft_s(_o, _r, _f, _p, _d, overlapped=True), _at_once,
        hints={_apart / _at_once: "overlapped: only the longer of the two counts",
               (_before + min(_r, _f / _p) + _d) / _at_once: "both have to be finished: the longer one counts"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the picture of this lab
parts = case.wait_parts_s()
biggest = max(parts, key=parts.get)
axes = plots.budget_waterfall(
    parts,
    claim=f"With {case.hit_rate:.1%} of the prompt cached, {biggest} takes {parts[biggest] / sum(parts.values()):.0%} of the wait",
    target_s=case.target_s,
    highlight=[biggest],
)
plots.show(
    axes,
    "Waterfall of the wait for the first token: path, paging, prefill and one decode step, against the promised time.",
)
mine = ttft_s(
    {k: v for k, v in parts.items() if k not in ("page the cache in", "prefill", "decode")},
    kv_reload_s(
        case.hit_rate * case.context_tokens, kv_bytes_per_token(model), case.link_bytes_per_s()
    ),
    prefill_flop(
        model, (1 - case.hit_rate) * case.context_tokens, case.hit_rate * case.context_tokens
    ),
    case.sustained_flops_per_s(),
    decode_s_per_token(
        model.weight_bytes(),
        kv_bytes_per_token(model),
        case.chips_count * chip.bandwidth_bytes_per_s,
        1,
        case.context_tokens,
    ),
)
print(
    f"your functions: {mine:.2f} s; the picture: {sum(parts.values()):.2f} s (the picture counts the output head, too)"
)


# %% tags=["explore"]
# explore, with sliders: which part decides, and until when?
def the_wait(hit_rate, path_share):
    """The budget with another hit rate, and with less spent on the way to the model."""
    parts = case.wait_parts_s(hit_rate=hit_rate, path_share=path_share)
    wait_s, longest = sum(parts.values()), max(parts, key=parts.get)
    axes = plots.budget_waterfall(
        parts,
        claim=f"{hit_rate:.1%} of the prompt cached: {wait_s:.2f} s, {'kept' if wait_s <= case.target_s else 'missed'}, and {longest} takes most",
        target_s=case.target_s,
        highlight=[longest],
    )
    return axes, f"Waterfall of a wait of {wait_s:.2f} s; the longest part is {longest}."


explore(
    the_wait,
    hit_rate=Knob("share of the prompt cached", case.hit_rate, 0.5, 1.0, steps=50),
    path_share=Knob("what is left of the path before the model", 1.0, 0.0, 1.0, steps=10),
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "hit_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: the hit rate that the promise needs
#
# `ttft_at(hit_rate)` is somebody's function: it falls as the share of the prompt found in the cache
# rises from 0 to 1. Find the **smallest** hit rate at which it is at most `target_s`, to within a
# millionth. If even a cold prompt is fast enough, that is 0. If even a full hit is too slow, raise a
# `ValueError`. (Halving an interval is enough; a root finder of SciPy will do, too.)


# %% nbgrader={"grade": false, "grade_id": "required_hit_rate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def required_hit_rate(ttft_at, target_s):
    """Smallest share of the prompt that must be cached.

    Parameters
    ----------
    ttft_at : callable
        Takes a hit rate between 0 and 1, returns seconds, falling.
    target_s : float
        Seconds allowed.

    Returns
    -------
    float
        Between 0 and 1.
    """
    ### BEGIN SOLUTION
    if ttft_at(0.0) <= target_s:
        return 0.0
    if ttft_at(1.0) > target_s:
        raise ValueError(f"target_s = {target_s}: even a full hit takes {ttft_at(1.0)} s")
    low, high = 0.0, 1.0  # too slow at low, fast enough at high
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if ttft_at(middle) <= target_s else (middle, high)
    return high
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_required_hit_rate", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.same("a generous promise needs no cache", required_hit_rate(lambda h: 2 - h, 10.0), 0.0)
check.number("required_hit_rate(…)", required_hit_rate(lambda h: 2 - h, 1.7), low=0, high=1)
check.rising(
    "a tighter promise needs a higher hit rate",
    lambda s: required_hit_rate(lambda h: 2 - h, -s),
    [-1.9, -1.5, -1.1],
)
check.refuses("a promise that no cache can keep", lambda: required_hit_rate(lambda h: 2 - h, 0.5))
check.ok("required_hit_rate: falls where it should, refuses what cannot be")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(8)
for _ in range(10):
    _a, _b, _c, _h = (
        _rng.uniform(1, 50),
        _rng.uniform(1, 50),
        _rng.uniform(0.01, 0.3),
        _rng.uniform(0.05, 0.999),
    )
    _wait = lambda h, a=_a, b=_b, c=_c: c + a * (1 - h) + b * (1 - h * h)  # noqa: E731
    check.agrees(
        "a linear and a quadratic part, as in prefill", required_hit_rate(_wait, _wait(_h)), _h, rtol=2e-6,
        hints={(1 - _h) / _h: "that is the share that may be new, not the share that must be cached"},
    )  # fmt: skip
check.agrees(
    "a promise that a cold prompt just keeps", required_hit_rate(lambda h: 3 - h, 3.0), 0.0
)
try:
    _just = required_hit_rate(lambda h: 3 - h, 2.0)
except ValueError:
    raise check.CheckError(
        "a promise that a full hit keeps exactly: *at most* `target_s` is fast enough, nothing to refuse"
    ) from None
check.agrees("a promise that only a full hit keeps", _just, 1.0, rtol=2e-6)
check.refuses(
    "a promise below the full hit by a hair", lambda: required_hit_rate(lambda h: 3 - h, 1.999)
)


def _between(hit_rate):
    if not 0 <= hit_rate <= 1:
        raise LookupError(f"a hit rate lies between 0 and 1, and ttft_at was asked for {hit_rate}")
    return 3 - hit_rate


check.agrees(
    "hit rates are tried from 0 to 1 only", required_hit_rate(_between, 2.5), 0.5, rtol=2e-6
)
check.refuses("no cache can keep it", lambda: required_hit_rate(_between, 1.5))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: where the cache lies decides
rates = 1 - np.geomspace(0.2, 1e-4, 120)
gpu_links = {"one PCIe link": 1, f"{case.chips_count} PCIe links": case.chips_count}
fixed = {k: v for k, v in case.wait_parts_s().items() if k not in ("page the cache in", "prefill")}


def wait_at(hit_rate, link):
    cached = hit_rate * case.context_tokens
    return ttft_s(
        fixed,
        kv_reload_s(cached, kv_bytes_per_token(model), link),
        prefill_flop(model, case.context_tokens - cached, cached),
        case.sustained_flops_per_s(),
        0.0,
    )


pcie = facts.value("serving/link-pcie-gen5-x16")
links = {"resident": math.inf} | {name: n * pcie for name, n in gpu_links.items()}
axes = plots.sweep(
    (1 - rates) * case.context_tokens,
    {name: [wait_at(h, link) for h in rates] for name, link in links.items()},
    claim="Once little is new, the place of the cache decides, not the FLOPs",
    x_label="new tokens in the prompt",
    y_label="seconds to the first token",
    log="xy",
    target=(case.target_s, "promised"),
)
plots.show(
    axes,
    "Time to first token over new tokens, logarithmic: three curves that fall together and then flatten at different heights, one link highest, resident lowest.",
)
needed = {}
for name, link in links.items():
    try:
        needed[name] = required_hit_rate(lambda h, link=link: wait_at(h, link), case.target_s)
        print(
            f"{name:14s}: {needed[name]:.3%} cached, {(1 - needed[name]) * case.context_tokens:6,.0f} new tokens allowed"
        )
    except ValueError:
        print(f"{name:14s}: the promise cannot be kept")
print(facts.sources(pcie))

# %% [markdown] nbgrader={"grade": false, "grade_id": "amdahl_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 9 · Build: what a faster part exposes
#
# The lecture's side effect (31:47): one part became so much faster that everything else came to light.
# If a part takes the share `share` of the wait and becomes `factor` times faster, how many times
# faster is the whole? (Amdahl, 1967.) Let it take arrays as well as numbers.
#
# *Think of:* a part that takes all of the time, or none; a factor of 1; a factor of infinity.


# %% nbgrader={"grade": false, "grade_id": "amdahl_speedup", "locked": false, "schema_version": 3, "solution": true, "task": false}
def amdahl_speedup(share, factor):
    """How many times faster the whole becomes.

    Parameters
    ----------
    share : float or array
        Share of the time that the faster part took, 0 to 1.
    factor : float or array
        How many times faster it is.

    Returns
    -------
    float or array
        Speed-up of the whole, at least 1 for a factor of at least 1.
    """
    ### BEGIN SOLUTION
    return 1 / ((1 - share) + share / factor)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_amdahl_speedup", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("amdahl_speedup(0.5, 2)", amdahl_speedup(0.5, 2), low=1, high=2)
check.same("a part of no length changes nothing", amdahl_speedup(0.0, 10.0), 1.0)
check.same("a factor of 1 changes nothing", amdahl_speedup(0.3, 1.0), 1.0)
check.rising("a faster part never hurts", lambda k: amdahl_speedup(0.5, k), [1, 2, 10, 1000])
check.ok("amdahl_speedup: bounded where it should be")
### BEGIN HIDDEN TESTS
check.agrees("a part that is everything", amdahl_speedup(1.0, 7.0), 7.0)
_share, _factor = np.linspace(0.05, 0.95, 7), np.array([2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0])
for _s, _k in zip(_share, _factor, strict=True):
    _whole = 1 / (1 - _s + _s / _k)
    check.agrees(
        f"{_s:.0%} of the time becomes {_k:g} times faster", amdahl_speedup(float(_s), float(_k)), _whole,
        hints={1 / _whole**2: "that is the share of time left, the speed-up is its inverse",
               (1 + _s * (_k - 1)) / _whole: "times add up, speeds do not",
               (1 / (_s + (1 - _s) / _k)) / _whole: "the faster part is `share`, not the rest"},
    )  # fmt: skip
check.agrees("an infinitely fast part of 80 %", amdahl_speedup(0.8, math.inf), 5.0)
check.agrees(
    "seven shares and factors at once",
    amdahl_speedup(_share, _factor),
    _factor / (_factor - _share * (_factor - 1)),
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: a chip that decodes ten times faster, and a reader who waits for a screenful
screen = facts.value("serving/first-screen")
faster = facts.value("serving/fast-decode-speedup")
kept = facts.value("serving/kept-hit-rate")
slow_parts = case.wait_parts_s(hit_rate=kept, screen_tokens=screen)
fast_parts = case.wait_parts_s(hit_rate=kept, screen_tokens=screen, decode_speedup=faster)
share = slow_parts["decode"] / sum(slow_parts.values())
rest = {
    n: sum(v for k, v in p.items() if k != "decode") / sum(p.values())
    for n, p in (("slow", slow_parts), ("fast", fast_parts))
}
axes = plots.budget_waterfall(
    fast_parts,
    claim=f"A {faster:g}× faster decode chip: everything else grows from {rest['slow']:.0%} to {rest['fast']:.0%} of the wait",
    highlight=[k for k in fast_parts if k != "decode"],
    total="time to a screenful",
)
plots.show(
    axes,
    "Waterfall of the wait for a screenful with a fast decode chip: decode is now a minor part, path, paging and prefill are exposed.",
)
print(
    f"decode took {share:.0%} of the wait, so the whole is {amdahl_speedup(share, faster):.2f}× faster; never more than {amdahl_speedup(share, math.inf):.2f}×"
)
print(facts.sources(screen, faster, kept))

# %% [markdown] nbgrader={"grade": false, "grade_id": "value_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 10 · Build: what a millisecond is worth
#
# Web search engines slowed their pages down on purpose and counted (Brutlag 2009; Schurman and Brutlag
# 2009). Users react to *relative* changes, so take a **semi-elasticity**: above a threshold that
# nobody notices, each further second loses the share `loss_per_s` of the revenue there is at that
# moment, so revenue falls like $e^{-\text{loss} \cdot \text{seconds}}$.
#
# Write what the product gains in a year if the wait falls from `before_s` to `after_s`, when it earns
# `revenue_usd_per_year` **at the wait `before_s`**. Waits below `threshold_s` are all the same to users.
#
# *Think of:* no change; both waits below the threshold; one above and one below; a wait that grows.


# %% nbgrader={"grade": false, "grade_id": "latency_value_usd_per_year", "locked": false, "schema_version": 3, "solution": true, "task": false}
def latency_value_usd_per_year(
    before_s, after_s, revenue_usd_per_year, loss_per_s, threshold_s=0.0
):
    """Revenue gained in a year by a shorter wait.

    Parameters
    ----------
    before_s, after_s : float
        Wait before and after [s].
    revenue_usd_per_year : float
        Revenue at the wait before [USD/yr].
    loss_per_s : float
        Share of revenue lost for each further second above the threshold [1/s].
    threshold_s : float
        Wait below which nobody notices [s].

    Returns
    -------
    float
        USD per year; negative if the wait grows.
    """
    ### BEGIN SOLUTION
    noticed_s = max(before_s, threshold_s) - max(after_s, threshold_s)
    return revenue_usd_per_year * (math.exp(loss_per_s * noticed_s) - 1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_latency_value_usd_per_year", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "latency_value_usd_per_year(0.5, 0.45, 1e9, 0.02)", latency_value_usd_per_year(0.5, 0.45, 1e9, 0.02),
    low=1e4, high=1e8, unit="USD/yr",
)  # fmt: skip
check.same("no change is worth nothing", latency_value_usd_per_year(0.5, 0.5, 1e9, 0.02), 0.0)
check.same(
    "what nobody notices is worth nothing",
    latency_value_usd_per_year(0.15, 0.1, 1e9, 0.02, 0.2),
    0.0,
)
check.rising(
    "a shorter wait is worth more",
    lambda s: latency_value_usd_per_year(1, 1 - s, 1e9, 0.02),
    [0, 0.1, 0.5],
)
check.rising(
    "a longer wait costs", lambda s: latency_value_usd_per_year(1, 1 - s, 1e9, 0.02), [-1, -0.1, 0]
)
check.ok("latency_value_usd_per_year: sign, threshold and direction")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(10)
for _ in range(20):
    _before, _after, _threshold = _rng.uniform(0.05, 8, 3)
    _r, _k = _rng.uniform(1e8, 3e10), _rng.uniform(0.005, 0.3)
    _noticed = max(_before, _threshold) - max(_after, _threshold)
    _want = _r * (math.exp(_k * _noticed) - 1)
    if _noticed == 0 or abs(_k * _noticed) < 1e-3:
        continue
    check.agrees(
        f"from {_before:.2f} s to {_after:.2f} s with a threshold of {_threshold:.2f} s",
        latency_value_usd_per_year(_before, _after, _r, _k, _threshold), _want,
        hints={_k * _noticed * _r / _want: "each second takes its share of what is left: use the exponential",
               _r * math.exp(_k * _noticed) / _want: "that is the new revenue, the gain was asked for",
               _r * (1 - math.exp(-_k * _noticed)) / _want: "the revenue given is the one before the change, at before_s",
               _r * (math.exp(_k * (_before - _after)) - 1) / _want: "the threshold is not applied",
               0.0: "a wait that crosses the threshold is noticed as far as it lies above"},
    )  # fmt: skip
check.agrees(
    "two steps down in a row, compounded",
    (1 + latency_value_usd_per_year(3, 2, 1.0, 0.05))
    * (1 + latency_value_usd_per_year(2, 1, 1.0, 0.05)),
    1 + latency_value_usd_per_year(3, 1, 1.0, 0.05),
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: what the experiments say about 50 ms
experiments = [  # delay added on purpose [s], share lost, where from
    (0.05, abs(facts.value("apps/searches-lost-50-ms")), "Google's searches"),
    (0.4, abs(facts.value("apps/searches-lost-400-ms")), "Google's searches"),
    (0.5, facts.value("serving/latency-bing-revenue-500ms"), "Bing's revenue"),
    (2.0, facts.value("serving/latency-bing-revenue-2000ms"), "Bing's revenue"),
]
for delay_s, lost, what in experiments:
    per_s = math.log(1 / (1 - lost)) / delay_s
    gain = latency_value_usd_per_year(0.5, 0.45, case.revenue_usd_per_year, per_s)
    print(
        f"{delay_s * 1000:5.0f} ms added: {lost:.2%} of {what} lost, {per_s:.2%} a second → 50 ms less are worth {format_usd(gain)} a year"
    )
print(
    facts.sources(
        facts.value("apps/searches-lost-400-ms"), facts.value("serving/latency-bing-revenue-500ms")
    )
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain the gap
#
# In 150 to 300 words, with numbers from your case:
#
# 1. A half-second first token and 400 k tokens of context were said in one breath (29:11, 30:49). Under
#    which assumptions about caching, and about where the cache lies, are both true? Which of them did
#    nobody say aloud? Does paging or computing decide, and on what does that depend?
# 2. Your small transformer did not reach the ceilings you measured. Name the two largest reasons, and
#    say what they imply for the figure you computed for an accelerator.

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Decide
#
# You run the product of your case and may buy **one** of three things this year:
#
# - **fast chip**: decode chips that generate several times faster;
# - **cache**: keep every live session's keys and values in host memory, so that nearly nothing is new;
# - **rebuild**: a team that rebuilds the request path, so that app, balancing and queue shrink.
#
# The next cells compute the gain and the cost of each from the facts, the same way for everyone; they
# do not use your functions. Look at which input matters, and where the decision turns.

# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
inputs = {
    "loss_per_s": -math.log(1 - facts.value("serving/latency-bing-revenue-500ms")) / 0.5,
    "revenue_usd_per_year": case.revenue_usd_per_year,
    "screen_tokens": facts.value("serving/first-screen"),
    "decode_speedup": facts.value("serving/fast-decode-speedup"),
    "fast_chips": facts.value("serving/fast-chips-count"),
    "fast_chip_usd": (
        facts.value("chips/wse-3/price_low_usd") + facts.value("chips/wse-3/price_high_usd")
    )
    / 2,
    "kept_hit_rate": facts.value("serving/kept-hit-rate"),
    "live_sessions": facts.value("serving/live-sessions"),
    "dram_usd_per_byte": facts.value("serving/dram-price"),
    "engineers": facts.value("serving/rebuild-engineers"),
    "engineer_usd_per_year": facts.value("serving/engineer-cost"),
    "rebuild_saves": facts.value("serving/rebuild-saves"),
    "discount_rate": facts.value("serving/discount-rate"),
}
ranges = {
    "loss_per_s": (0.5 * inputs["loss_per_s"], 2 * inputs["loss_per_s"]),
    "revenue_usd_per_year": (0.5 * case.revenue_usd_per_year, 2 * case.revenue_usd_per_year),
    "fast_chip_usd": (
        float(facts.value("chips/wse-3/price_low_usd")),
        float(facts.value("chips/wse-3/price_high_usd")),
    ),
}
print(facts.sources(*inputs.values()))


def net_usd_per_year(option, **given):
    """Gain less yearly cost of one option [USD/yr]."""
    return case.net_usd_per_year(option, **given)


# %% tags=["explore"]
# explore: gain, cost and net of each option
net = {option: net_usd_per_year(option, **inputs) for option in ("fast chip", "cache", "rebuild")}
for option, usd in net.items():
    print(f"{option:10s} {format_usd(usd):>10s} a year, net of its cost")
best, *rivals = sorted(net, key=net.get, reverse=True)
searched = {"screen_tokens": (1, 20_000), "loss_per_s": (1e-4, 0.5), "kept_hit_rate": (case.hit_rate, 0.9999),
            "live_sessions": (1e4, 1e8), "fast_chips": (1, 1e4)}  # fmt: skip
for rival in rivals:

    def lead(rival=rival, **given):
        return net_usd_per_year(best, **given) - net_usd_per_year(rival, **given)

    flips = {
        name: decision.flip_value(lead, inputs, name, *ends) for name, ends in searched.items()
    }
    turning = [f"{name} = {x:.4g}" for name, x in flips.items() if not math.isnan(x)]
    print(
        f"“{best}” leads “{rival}” by {format_usd(lead(**inputs))}; turns at {' or '.join(turning) or 'no value searched'}"
    )

frame = decision.tornado(lead, inputs, ranges)
axes = plots.tornado(frame, claim=f"What the lead of “{best}” over “{rival}” hangs on",
                     x_label="lead, USD a year", base=lead(**inputs))  # fmt: skip
plots.show(
    axes,
    f"Tornado chart: how far each input moves the yearly lead of {best} over {rival}; the widest bars are {', '.join(frame.index[:2])}.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# In 150 to 300 words: which one do you buy, and why? Name the number at which you would choose
# differently and say how you would find out its true value before paying. Then judge the source: who
# gains when listeners believe that latency is decided by compute?

# %% [markdown] nbgrader={"grade": true, "grade_id": "decide", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "calibrate_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How honest were your intervals?
#
# About four in five of your intervals should hold the outcome. The score is in decades: the width of
# the interval, plus ten times the miss. Lower is better.

# %% tags=["explore"]
# explore: your predictions against what came out
full = case.wait_parts_s(hit_rate=1.0)
outcomes = {
    "cold_prefill_s": case.wait_parts_s(hit_rate=0.0)["prefill"],
    "new_tokens_allowed": (1 - needed[f"{case.chips_count} PCIe links"]) * case.context_tokens,
    "paging_s": full["page the cache in"],
    "shave_usd_per_year": latency_value_usd_per_year(
        0.5, 0.45, case.revenue_usd_per_year, inputs["loss_per_s"]
    ),
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
