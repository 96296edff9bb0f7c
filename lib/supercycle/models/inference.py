"""Time to read a prompt and to write its answer: a roofline with the friction real engines have.

A roofline (peak FLOPs, peak bandwidth) predicts times that nobody has measured: it is 40 to 50 per
cent too fast. Four frictions close the gap, each with one or two parameters that are fitted to
published measurements of whole engines and never to a single case (`fitting`):

* matrix products reach a share of the peak, and less of it while memory keeps them waiting:
  compute and memory time add in quadrature, so efficiency saturates with the number of tokens;
* memory delivers a share of its bandwidth, and activations pass through it many times;
* tensor parallelism pays two all-reduces a layer, with a latency α and a bandwidth β;
* the host launches every layer: a *compiled* runtime (C++ or captured graphs) adds a little to
  each layer, an *interpreted* one (eager Python) needs so long that small steps wait for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle._validate import at_least
from supercycle.models.engines import ROOFLINE, Calibration, calibration, calibrations
from supercycle.models.forward import Terms, forward, larger, peak_of, shape_of, split_of

if TYPE_CHECKING:
    from supercycle.chips import Accelerator
    from supercycle.models.architecture import TransformerConfig

__all__ = [
    "ROOFLINE",
    "Calibration",
    "Prediction",
    "Terms",
    "calibrate",
    "calibration",
    "calibrations",
    "predict",
    "step",
]

Number = Any  # float or array of shape (...,)


@dataclass(frozen=True)
class Prediction:
    """Times of a batch of equal requests that start together; fields of shape (...,).

    Attributes
    ----------
    prefill_s : float or array
        Time to read all prompts [s].
    decode_s_per_token : float or array
        Mean time of a decode step over the answer [s/token]; each step writes `batch` tokens.
    ttft_s : float or array
        Time to the first token: prefill, and the way to the client where the engine's row was
        measured there [s]. Queueing is not in it.
    e2e_s : float or array
        Time to the last token [s].
    tokens_per_s : float or array
        Output tokens of the whole batch over `e2e_s` [token/s].
    memory_bytes : float or array
        Weights and caches at the last token, all chips together [B].
    memory_share : float or array
        The same for the fullest chip, over its memory [1]; above 1 it does not fit.
    prefill_low_s, prefill_high_s, decode_low_s_per_token, decode_high_s_per_token : float or array
        80 % error bars.
    prefill, decode : Terms
        The parts.
    """

    prefill_s: Number
    decode_s_per_token: Number
    ttft_s: Number
    e2e_s: Number
    tokens_per_s: Number
    memory_bytes: Number
    memory_share: Number
    prefill_low_s: Number
    prefill_high_s: Number
    decode_low_s_per_token: Number
    decode_high_s_per_token: Number
    prefill: Terms
    decode: Terms
    calibration: Calibration

    @property
    def bound(self) -> Any:
        """What limits the phase that takes longer."""
        reading = self.prefill_s >= self.e2e_s - self.ttft_s
        if isinstance(reading, bool):
            return self.prefill.bound if reading else self.decode.bound
        return np.where(reading, self.prefill.bound, self.decode.bound)

    @property
    def fits(self) -> Any:
        """Whether weights and caches fit the memory."""
        return self.memory_share <= 1


def _over(excess: Number) -> Number:
    """What exceeds, zero where nothing does."""
    return max(excess, 0.0) if type(excess) is float else np.maximum(excess, 0.0)


def _scalar(value: Any) -> Any:
    """Plain float for any scalar, float array otherwise: floats are ten times as fast."""
    if type(value) is int or type(value) is float:
        return float(value)
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r}: must be a number or an array of numbers") from None
    return float(numbers) if numbers.ndim == 0 else numbers


def _check(name: str, value: Any, least: float) -> None:
    if type(value) is float and least <= value < math.inf:
        return
    at_least(name, value, least)
    if not np.isfinite(value).all():
        raise ValueError(f"{name} = {value!r}: must be finite")


def predict(
    config: TransformerConfig,
    accelerator: Accelerator,
    *,
    tp: Number = 1,
    pp: Number = 1,
    ep: Number = 1,
    batch: Number = 1,
    input_tokens: Number,
    output_tokens: Number,
    cached_tokens: Number = 0,
    weight_bits: Number = 16,
    kv_bits: Number = 16,
    engine: str | Calibration | None = None,
    math_dtype: str | None = None,
) -> Prediction:
    """Predict the times of a batch of equal requests on one group of chips.

    Each phase is ``√(compute² + memory²) + activations + all-reduces`` with the launch of the
    layers added (compiled runtimes) or in quadrature (interpreted ones). A prefill computes
    ``config.prefill_flops``; a decode step computes one token a sequence, reads all weights that
    the batch touches, and reads each sequence's cache.

    Parameters
    ----------
    config : TransformerConfig
    accelerator : Accelerator
    tp : int or array of shape (...,)
        Chips that share each layer by tensor parallelism: two all-reduces a layer [1].
    pp : int or array of shape (...,)
        Stages of a pipeline of layers. The batch passes in `pp` parts, so a prefill idles
        ``(pp − 1)/pp`` of a part's pass and every decode step still takes a whole pass [1].
    ep : int or array of shape (...,)
        Chips that share each layer's experts, 1 or a multiple of `tp`; two all-to-alls a layer.
        ``ep/tp`` groups run attention side by side, each for its part of the batch [1].
    batch : int or array of shape (...,)
        Requests that run together, all groups and stages [1].
    input_tokens, output_tokens : int or array of shape (...,)
        Prompt and answer of each request [tokens]; the answer has at least one token.
    cached_tokens : int or array of shape (...,)
        Part of the prompt, below all of it, whose keys and values are in memory already [tokens].
    weight_bits, kv_bits : float or array of shape (...,)
        Bits of a weight and of a cached value [bit].
    engine : str or Calibration, optional
        See `calibration`.
    math_dtype : str, optional
        Format of the matrix products: ``bf16``, ``fp8``, ``fp4``, ``int8``. Without it, fp8 for
        8-bit weights where the chip has it, else bf16 (weights are unpacked first).

    Returns
    -------
    Prediction
        Fields broadcast over all arguments; floats for scalars.

    Raises
    ------
    ValueError
        For a batch, prompt or answer below one token, a prompt without a new token, bits that
        are not positive, an unknown engine, several chips without a published scale-up network,
        or expert parallelism that a model or `tp` does not allow.

    Notes
    -----
    One batch, from start to end: no queue, no speculative decoding, all chips within one scale-up
    domain (for a slower network between them, replace the accelerator's `scaleup_bytes_per_s`).
    With latent attention (MLA) every chip keeps the whole cache of its group; with grouped
    queries the cache splits over at most ``kv_heads`` chips. Pipelines and experts are counted
    with the latencies and efficiencies that all-reduces were fitted to, experts evenly loaded and
    communication not overlapped. No measurement of either is in the fit; the published decode of
    DeepSeek-V3 over 144 chips comes out within 10 per cent, its prefill 40 per cent too fast.
    Error bars come from sources left out of the fit; they say what to expect of an engine of
    this kind that nobody calibrated.

    Source: Pope et al. (2022), Efficiently Scaling Transformer Inference, arXiv:2211.05102,
    section 2 (roofline terms); Huang et al.
    (2019), GPipe, arXiv:1811.06965 (pipeline); the frictions and their fit are ours (`supercycle.models.fitting`).

    Examples
    --------
    >>> from supercycle import chips, models
    >>> llama, h100 = models.get("llama-3.1-70b"), chips.accelerator("h100-sxm")
    >>> p = predict(llama, h100, tp=4, batch=8, input_tokens=1000, output_tokens=200)
    >>> p.bound, p.prefill.bound, p.fits
    ('memory', 'compute', True)
    >>> ideal = predict(llama, h100, tp=4, batch=8, input_tokens=1000, output_tokens=200, engine="roofline")
    >>> bool(ideal.e2e_s < p.e2e_s)
    True
    """
    tp, pp, ep, batch = _scalar(tp), _scalar(pp), _scalar(ep), _scalar(batch)
    prompt, answer, cached = _scalar(input_tokens), _scalar(output_tokens), _scalar(cached_tokens)
    weight_bits, kv_bits = _scalar(weight_bits), _scalar(kv_bits)
    for name, value, least in (
        ("tp", tp, 1),
        ("pp", pp, 1),
        ("ep", ep, 1),
        ("batch", batch, 1),
        ("input_tokens", prompt, 1),
        ("output_tokens", answer, 1),
        ("cached_tokens", cached, 0),
        ("weight_bits", weight_bits, 1),
        ("kv_bits", kv_bits, 1),
    ):
        _check(name, value, least)
    new = prompt - cached
    if not (new >= 1 if type(new) is float else (new >= 1).all()):
        raise ValueError(
            f"cached_tokens = {cached_tokens!r}: must leave at least one new token of "
            f"input_tokens = {input_tokens!r}"
        )
    fit = engine if isinstance(engine, Calibration) else calibration(engine, accelerator.id)
    shape = shape_of(config)
    if type(weight_bits) is float:
        peak: Number = peak_of(accelerator, math_dtype, weight_bits)
    else:
        low, high = peak_of(accelerator, math_dtype, 16), peak_of(accelerator, math_dtype, 8)
        peak = np.where(weight_bits == 8, high, low)
    split = split_of(shape, tp, pp, ep)
    if type(pp) is float and pp == 1:
        part: Number = batch
        rounds: Number = 1.0
    else:  # the batch enters the pipeline in parts of at least one request
        part = larger(batch / pp, 1.0)
        rounds = (batch / part + pp - 1) / pp
    if not (type(split.replicas) is float and split.replicas == 1):
        part = larger(part, split.replicas)  # every group has work

    context = prompt + answer / 2
    pairs = (prompt * (prompt + 1) - cached * (cached + 1)) / 2
    kept_prompt, kept_mean, kept_last = prompt, context, prompt + answer
    if shape.windowed_share:  # some layers look back, and remember, at most `window` tokens
        beyond, before = _over(prompt - shape.window), _over(cached - shape.window)
        unseen = (beyond * (beyond + 1) - before * (before + 1)) / 2
        pairs = pairs - shape.windowed_share * unseen
        kept_prompt = prompt - shape.windowed_share * beyond
        kept_mean = context - shape.windowed_share * _over(context - shape.window)
        kept_last = kept_last - shape.windowed_share * _over(kept_last - shape.window)
    prefill_flops = new * shape.linear_flops + shape.head_flops + pairs * shape.pair_flops
    decode_flops = shape.linear_flops + shape.head_flops + kept_mean * shape.pair_flops
    kv_bytes = shape.kv_values * kv_bits / 8

    prefill = forward(
        shape,
        accelerator,
        fit,
        split,
        tokens=part * new,
        flops=part * prefill_flops,
        kv_read_bytes=part * kept_prompt * kv_bytes,
        weight_bits=weight_bits,
        peak=peak,
        fixed_s=fit.request_s,
        rounds=rounds,
    )
    decode = forward(
        shape,
        accelerator,
        fit,
        split,
        tokens=part,
        flops=part * decode_flops,
        kv_read_bytes=part * kept_mean * kv_bytes,
        weight_bits=weight_bits,
        peak=peak,
        fixed_s=part / split.replicas * fit.sequence_s,  # every group has its own host
    )
    ttft = prefill.total_s + fit.client_s
    e2e = ttft + (answer - 1) * decode.total_s
    weights = shape.shared_params / tp + shape.routed_params / split.holders
    cache = batch * kept_last * kv_bytes / (split.kv_splits * split.replicas)
    chip_bytes = (weights * weight_bits / 8 + cache) / pp
    wide, wide_decode = math.exp(fit.prefill_error), math.exp(fit.decode_error)
    return Prediction(
        prefill_s=prefill.total_s,
        decode_s_per_token=decode.total_s,
        ttft_s=ttft,
        e2e_s=e2e,
        tokens_per_s=batch * answer / e2e,
        memory_bytes=chip_bytes * split.holders * pp,
        memory_share=chip_bytes / accelerator.memory_bytes,
        prefill_low_s=prefill.total_s / wide,
        prefill_high_s=prefill.total_s * wide,
        decode_low_s_per_token=decode.total_s / wide_decode,
        decode_high_s_per_token=decode.total_s * wide_decode,
        prefill=prefill,
        decode=decode,
        calibration=fit,
    )


def step(
    config: TransformerConfig,
    accelerator: Accelerator,
    *,
    batch: float,
    context_tokens: float,
    new_tokens: float = 0,
    pairs: float = 0.0,
    past_tokens: float = 0,
    tp: float = 1,
    weight_bits: float = 16,
    kv_bits: float = 16,
    engine: str | Calibration | None = None,
    math_dtype: str | None = None,
) -> Terms:
    """Time of one step of continuous batching: sequences that decode, and a piece of prompt.

    Parameters
    ----------
    config : TransformerConfig
        Without sliding windows, which do not attend in proportion to the context.
    accelerator : Accelerator
    batch : float
        Sequences that decode one token each [1].
    context_tokens : float
        Tokens that these attend to, all sequences together [tokens].
    new_tokens, pairs, past_tokens : float
        Prompt tokens computed beside them, the query–key pairs that they make, and the tokens
        before them whose cache is read [tokens], [1], [tokens].
    tp, weight_bits, kv_bits, engine, math_dtype
        As in `predict`.

    Returns
    -------
    Terms

    Raises
    ------
    ValueError
        For a model with sliding windows, or an unknown engine.

    Examples
    --------
    Two sequences of 500 tokens decode in the time that `predict` gives a batch of them:

    >>> from supercycle import chips, models
    >>> llama, h100 = models.get("llama-3.1-8b"), chips.accelerator("h100-sxm")
    >>> once = step(llama, h100, batch=2, context_tokens=1000)
    >>> again = predict(llama, h100, batch=2, input_tokens=499, output_tokens=2)
    >>> once.total_s == again.decode_s_per_token
    True
    """
    if config.window is not None:
        raise ValueError(f"{config.name} has sliding windows: a step needs plain attention")
    fit = engine if isinstance(engine, Calibration) else calibration(engine, accelerator.id)
    shape = shape_of(config)
    heads = batch + (1 if new_tokens else 0)
    flops = (
        (batch + new_tokens) * shape.linear_flops
        + heads * shape.head_flops
        + (context_tokens + pairs) * shape.pair_flops
    )
    kept = context_tokens + new_tokens + past_tokens
    return forward(
        shape,
        accelerator,
        fit,
        split_of(shape, float(tp), 1.0, 1.0),
        tokens=float(batch + new_tokens),
        flops=flops,
        kv_read_bytes=kept * shape.kv_values * kv_bits / 8,
        weight_bits=float(weight_bits),
        peak=peak_of(accelerator, math_dtype, weight_bits),
        fixed_s=batch * fit.sequence_s + (fit.request_s if new_tokens else 0.0),
    )


def calibrate(
    measurements: Any, *, prior: Calibration | str = "compiled", strength: float = 0.3
) -> Calibration:
    """Fit an engine to a user's own measurements; see `supercycle.models.fitting.calibrate`."""
    from supercycle.models import fitting

    return fitting.calibrate(measurements, prior=prior, strength=strength)
