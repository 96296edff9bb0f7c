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

import dataclasses
import functools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import facts
from supercycle._validate import at_least, positive

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
]

Number = Any  # float or array of shape (...,)


@dataclass(frozen=True)
class Calibration:
    """What separates an engine from the roofline.

    Attributes
    ----------
    engine, version, chip : str
        What was measured; ``any`` where the row is an average.
    runtime : str
        ``compiled`` (launch time adds to the work) or ``interpreted`` (launching runs beside the
        work and hides behind it when the work is long; the two add in quadrature).
    compute_efficiency : float
        Share of peak FLOPs in large matrix products [1].
    memory_efficiency : float
        Share of peak memory bandwidth in long reads [1].
    activation_passes : float
        Times a layer's activations (width · tokens) are written to or read from memory [1].
    allreduce_latency_s : float
        Latency of an all-reduce, for each doubling of the group [s].
    link_efficiency : float
        Share of scale-up bandwidth in an all-reduce [1].
    large_message_efficiency : float
        The same for what messages above about 60 MB cost on top; infinity for nothing [1].
    layer_s : float
        Host time to launch one layer [s].
    sequence_s : float
        Host time a decode step spends on each sequence (scheduling, sampling) [s].
    request_s : float
        Host time a prefill spends before the first layer [s].
    client_s : float
        Time between client and engine, where the source measured at the client [s].
    prefill_error, decode_error : float
        Half width of the 80 % error bar in logarithms, from left-out sources [1].
    """

    engine: str
    version: str
    chip: str
    runtime: str
    compute_efficiency: float
    memory_efficiency: float
    activation_passes: float
    allreduce_latency_s: float
    link_efficiency: float
    large_message_efficiency: float
    layer_s: float
    sequence_s: float
    request_s: float
    client_s: float
    prefill_error: float
    decode_error: float

    def __post_init__(self) -> None:
        if self.runtime not in ("compiled", "interpreted"):
            raise ValueError(f"runtime = {self.runtime!r}: must be 'compiled' or 'interpreted'")
        for field in dataclasses.fields(self)[4:]:
            value = getattr(self, field.name)
            if field.name.endswith("efficiency"):
                positive(field.name, value)
            else:
                at_least(field.name, value, 0)


ROOFLINE = Calibration(
    engine="roofline",
    version="any",
    chip="any",
    runtime="compiled",
    compute_efficiency=1.0,
    memory_efficiency=1.0,
    activation_passes=0.0,
    allreduce_latency_s=0.0,
    link_efficiency=1.0,
    large_message_efficiency=math.inf,
    layer_s=0.0,
    sequence_s=0.0,
    request_s=0.0,
    client_s=0.0,
    prefill_error=0.0,
    decode_error=0.0,
)
"""No friction at all: the bound that hardware sets, for comparison."""

_ALIASES = {
    "trtllm": "tensorrt-llm",
    "tensorrt": "tensorrt-llm",
    "tensorrtllm": "tensorrt-llm",
    "lmdeploy": "turbomind",
}
_LARGE_MESSAGE_BYTES = 60e6  # all-reduces of interpreted runtimes slow down above this
_OLD_HOSTS = ("a100-40gb", "v100-32gb")  # servers of the A100's generation


@functools.cache
def calibrations() -> tuple[Calibration, ...]:
    """All calibrations of the table ``calibrations``, averages first."""
    fields = [field.name for field in dataclasses.fields(Calibration)]
    rows = (facts.row("calibrations", row_id) for row_id in facts.ids("calibrations"))
    found = []
    for cells in rows:
        values: dict[str, Any] = {name: cells[name] for name in fields}
        if values["large_message_efficiency"] is None:
            values["large_message_efficiency"] = math.inf
        numbers: dict[str, Any] = {
            k: v if isinstance(v, str) else float(v) for k, v in values.items()
        }
        found.append(Calibration(**numbers))
    return tuple(found)


@functools.cache
def calibration(engine: str | None = None, chip: str = "any") -> Calibration:
    """Return the calibration that comes nearest to an engine on a chip.

    Parameters
    ----------
    engine : str, optional
        ``name`` or ``name@version``; ``compiled`` or ``interpreted`` for the average of a kind;
        ``roofline`` for none. Without it, ``compiled``: what serves in production today.
    chip : str
        Row id of the table ``chips``. An engine not measured on that chip gets the average of
        its kind on that chip.

    Raises
    ------
    ValueError
        For an engine nobody has measured; the known ones are named.

    Examples
    --------
    >>> calibration("vllm@2023", "h100-sxm").runtime
    'interpreted'
    >>> calibration("abacus")
    Traceback (most recent call last):
    ...
    ValueError: engine = 'abacus': must be one of compiled, distserve, interpreted, roofline, tensorrt-llm, turbomind, vllm, or a Calibration
    """
    wanted, _, version = (engine or "compiled").lower().partition("@")
    wanted = _ALIASES.get(re.sub("[^a-z0-9]", "", wanted), wanted)
    if wanted == "roofline":
        return ROOFLINE
    chip = "a100-80gb" if chip in _OLD_HOSTS else chip
    of_engine = [
        c for c in calibrations() if c.engine == wanted and (not version or c.version == version)
    ]
    if not of_engine:
        known = sorted({c.engine for c in calibrations()} | {"roofline"})
        raise ValueError(
            f"engine = {engine!r}: must be one of {', '.join(known)}, or a Calibration"
        )
    exact = [c for c in of_engine if c.chip == chip] or [c for c in of_engine if c.chip == "any"]
    if exact:
        return exact[-1]  # the latest version stands last
    return calibration(of_engine[-1].runtime, chip)


@dataclass(frozen=True)
class Terms:
    """Where the time of one phase goes; each of shape (...,).

    Attributes
    ----------
    compute_s, memory_s, communication_s, overhead_s : float or array
        Time each would take alone [s]. Compute and memory overlap, and in interpreted runtimes
        the overhead too, so `total_s` is below their sum.
    total_s : float or array
    """

    compute_s: Number
    memory_s: Number
    communication_s: Number
    overhead_s: Number
    total_s: Number

    @property
    def bound(self) -> Any:
        """The largest of the four: compute, memory, communication or overhead."""
        names = ("compute", "memory", "communication", "overhead")
        parts = (self.compute_s, self.memory_s, self.communication_s, self.overhead_s)
        if all(isinstance(part, float) for part in parts):
            return names[max(range(4), key=parts.__getitem__)]
        return np.array(names)[np.argmax(np.stack(np.broadcast_arrays(*parts)), axis=0)]


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


@dataclass(frozen=True)
class _Shape:
    """What a configuration contributes, computed once."""

    layers: int
    width: int
    linear_flops: float
    head_flops: float
    pair_flops: float
    shared_params: float
    routed_params: float
    missed_share: float
    kv_values: float
    kv_splits: int
    window: float
    windowed_share: float


@functools.lru_cache(maxsize=256)
def _shape(config: TransformerConfig) -> _Shape:
    total, moe, window = config.params(), config.experts, config.window
    routed = 0
    if moe is not None:
        expert = (2 if config.activation == "gelu" else 3) * config.width * moe.width
        routed = (config.layers - moe.dense_layers) * moe.routed * expert
    return _Shape(
        layers=config.layers,
        width=config.width,
        linear_flops=2.0 * config.matmul_params,
        head_flops=2.0 * config.vocab * config.width,
        pair_flops=float(config.flops_per_token(1) - config.flops_per_token(0)),
        shared_params=float(total - routed),
        routed_params=float(routed),
        missed_share=1 - moe.per_token / moe.routed if moe is not None else 0.0,
        kv_values=config.kv_bytes_per_token(8),
        kv_splits=1 if config.latent is not None else config.kv_heads,
        window=float(window.tokens) if window else math.inf,
        windowed_share=math.ceil(config.layers / window.every) / config.layers if window else 0.0,
    )


def _over(excess: Number) -> Number:
    """What exceeds, zero where nothing does."""
    return max(excess, 0.0) if type(excess) is float else np.maximum(excess, 0.0)


@functools.lru_cache(maxsize=256)
def _peak(accelerator: Accelerator, math_dtype: str | None, weight_bits: float) -> float:
    """Peak of the number format in which products are computed."""
    if math_dtype is not None:
        return float(accelerator.peak_flops_per_s(math_dtype))
    if weight_bits == 8 and accelerator.fp8_dense_flops_per_s is not None:
        return float(accelerator.fp8_dense_flops_per_s)
    return float(accelerator.peak_flops_per_s("bf16"))


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


def _step(
    shape: _Shape,
    accelerator: Accelerator,
    fit: Calibration,
    *,
    tp: Number,
    tokens: Number,
    flops: Number,
    kv_read_bytes: Number,
    weight_bits: Number,
    peak: Number,
    fixed_s: Number,
) -> Terms:
    """One pass through all layers with `tokens` new tokens in the batch."""
    compute = flops / (tp * peak * fit.compute_efficiency)
    touched = shape.shared_params
    if shape.routed_params:  # experts that no token of the batch chose stay unread
        touched = touched + shape.routed_params * (1 - shape.missed_share**tokens)
    bandwidth = accelerator.bandwidth_bytes_per_s
    memory = (touched * weight_bits / 8 / tp + kv_read_bytes) / (bandwidth * fit.memory_efficiency)
    activations = fit.activation_passes * 2 * shape.layers * shape.width * tokens / bandwidth
    link = accelerator.scaleup_bytes_per_s
    if type(tp) is float and tp == 1:
        communication: Number = 0.0
    elif link is None:
        raise ValueError(
            f"tp = {tp!r}: {accelerator.id} has no published scale-up bandwidth, so tp must be 1"
        )
    else:
        message = 2 * shape.width * tokens
        doublings = math.log2(tp) if type(tp) is float else np.log2(tp)
        slow = 0.0
        if fit.large_message_efficiency < math.inf:
            over = (message / _LARGE_MESSAGE_BYTES) ** 8
            slow = over / (1 + over) / fit.large_message_efficiency
        wire = 2 * (tp - 1) / tp * message / link
        communication = (
            2
            * shape.layers
            * (doublings * fit.allreduce_latency_s + wire * (1 / fit.link_efficiency + slow))
        )
    launch = shape.layers * fit.layer_s
    work = (compute * compute + memory * memory) ** 0.5 + activations + communication
    if fit.runtime == "compiled":
        total = work + launch + fixed_s
    else:
        total = (work * work + launch * launch) ** 0.5 + fixed_s
    return Terms(compute, memory + activations, communication, launch + fixed_s, total)


def predict(
    config: TransformerConfig,
    accelerator: Accelerator,
    *,
    tp: Number = 1,
    batch: Number = 1,
    input_tokens: Number,
    output_tokens: Number,
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
        Chips that share each layer by tensor parallelism [1].
    batch : int or array of shape (...,)
        Requests that run together [1].
    input_tokens, output_tokens : int or array of shape (...,)
        Prompt and answer of each request [tokens]; the answer has at least one token.
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
        For a batch, prompt or answer below one token, bits that are not positive, an unknown
        engine, or tensor parallelism on a chip without a published scale-up network.

    Notes
    -----
    One batch, from start to end: no queue, no pipeline or expert parallelism, no speculative
    decoding, a group within one scale-up domain. With latent attention (MLA) every chip keeps
    the whole cache; with grouped queries the cache splits over at most ``kv_heads`` chips.
    Error bars come from sources left out of the fit; they say what to expect of an engine of
    this kind that nobody calibrated.

    Source: Pope et al. (2022), Efficiently Scaling Transformer Inference, arXiv:2211.05102,
    section 2 (roofline terms); the frictions and their fit are ours (`supercycle.models.fitting`).

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
    tp, batch = _scalar(tp), _scalar(batch)
    prompt, answer = _scalar(input_tokens), _scalar(output_tokens)
    weight_bits, kv_bits = _scalar(weight_bits), _scalar(kv_bits)
    for name, value, least in (
        ("tp", tp, 1),
        ("batch", batch, 1),
        ("input_tokens", prompt, 1),
        ("output_tokens", answer, 1),
        ("weight_bits", weight_bits, 1),
        ("kv_bits", kv_bits, 1),
    ):
        _check(name, value, least)
    fit = engine if isinstance(engine, Calibration) else calibration(engine, accelerator.id)
    shape = _shape(config)
    if type(weight_bits) is float:
        peak: Number = _peak(accelerator, math_dtype, weight_bits)
    else:
        low, high = _peak(accelerator, math_dtype, 16), _peak(accelerator, math_dtype, 8)
        peak = np.where(weight_bits == 8, high, low)

    context = prompt + answer / 2
    pairs = prompt * (prompt + 1) / 2
    kept_prompt, kept_mean, kept_last = prompt, context, prompt + answer
    if shape.windowed_share:  # some layers look back, and remember, at most `window` tokens
        beyond = _over(prompt - shape.window)
        pairs = pairs - shape.windowed_share * beyond * (beyond + 1) / 2
        kept_prompt = prompt - shape.windowed_share * beyond
        kept_mean = context - shape.windowed_share * _over(context - shape.window)
        kept_last = kept_last - shape.windowed_share * _over(kept_last - shape.window)
    prefill_flops = prompt * shape.linear_flops + shape.head_flops + pairs * shape.pair_flops
    decode_flops = shape.linear_flops + shape.head_flops + kept_mean * shape.pair_flops
    kv_prompt, kv_mean = kept_prompt * shape.kv_values, kept_mean * shape.kv_values
    kv_last = kept_last * shape.kv_values
    kv_scale = batch * kv_bits / 8
    if type(tp) is float:
        splits: Number = min(tp, float(shape.kv_splits))
    else:
        splits = np.minimum(tp, shape.kv_splits)

    prefill = _step(
        shape,
        accelerator,
        fit,
        tp=tp,
        tokens=batch * prompt,
        flops=batch * prefill_flops,
        kv_read_bytes=kv_scale * kv_prompt / splits,
        weight_bits=weight_bits,
        peak=peak,
        fixed_s=fit.request_s,
    )
    decode = _step(
        shape,
        accelerator,
        fit,
        tp=tp,
        tokens=batch,
        flops=batch * decode_flops,
        kv_read_bytes=kv_scale * kv_mean / splits,
        weight_bits=weight_bits,
        peak=peak,
        fixed_s=batch * fit.sequence_s,
    )
    ttft = prefill.total_s + fit.client_s
    e2e = ttft + (answer - 1) * decode.total_s
    weights = (shape.shared_params + shape.routed_params) * weight_bits / 8
    cache = kv_scale * kv_last
    wide, wide_decode = math.exp(fit.prefill_error), math.exp(fit.decode_error)
    return Prediction(
        prefill_s=prefill.total_s,
        decode_s_per_token=decode.total_s,
        ttft_s=ttft,
        e2e_s=e2e,
        tokens_per_s=batch * answer / e2e,
        memory_bytes=weights + cache * (tp / splits),
        memory_share=(weights / tp + cache / splits) / accelerator.memory_bytes,
        prefill_low_s=prefill.total_s / wide,
        prefill_high_s=prefill.total_s * wide,
        decode_low_s_per_token=decode.total_s / wide_decode,
        decode_high_s_per_token=decode.total_s * wide_decode,
        prefill=prefill,
        decode=decode,
        calibration=fit,
    )


def calibrate(measurements: Any, *, prior: Calibration | str = "compiled") -> Calibration:
    """Fit an engine to a user's own measurements; see `supercycle.models.fitting.calibrate`."""
    from supercycle.models import fitting

    return fitting.calibrate(measurements, prior=prior)
