"""One pass forward through a model's layers on a group of chips: what it takes, term by term.

Matrix products, memory, collectives and launches of one step with some tokens in it; a prefill
and a decode step differ only in how many. `inference` puts the passes together.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle.models.engines import Calibration

if TYPE_CHECKING:
    from supercycle.chips import Accelerator
    from supercycle.models.architecture import TransformerConfig

__all__ = ["Shape", "Split", "Terms", "forward", "larger", "peak_of", "shape_of", "split_of"]

Number = Any  # float or array of shape (...,)
_LARGE_MESSAGE_BYTES = 60e6  # all-reduces of interpreted runtimes slow down above this


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
class Shape:
    """What a configuration contributes, computed once."""

    layers: int
    width: int
    linear_flops: float
    head_flops: float
    pair_flops: float
    shared_params: float
    routed_params: float
    missed_share: float
    experts: int
    experts_per_token: int
    moe_layers: int
    kv_values: float
    kv_splits: int
    window: float
    windowed_share: float


@functools.lru_cache(maxsize=256)
def shape_of(config: TransformerConfig) -> Shape:
    """What a configuration contributes."""
    total, moe, window = config.params(), config.experts, config.window
    routed = 0
    if moe is not None:
        expert = (2 if config.activation == "gelu" else 3) * config.width * moe.width
        routed = (config.layers - moe.dense_layers) * moe.routed * expert
    return Shape(
        layers=config.layers,
        width=config.width,
        linear_flops=2.0 * config.matmul_params,
        head_flops=2.0 * config.vocab * config.width,
        pair_flops=float(config.flops_per_token(1) - config.flops_per_token(0)),
        shared_params=float(total - routed),
        routed_params=float(routed),
        missed_share=1 - moe.per_token / moe.routed if moe is not None else 0.0,
        experts=moe.routed if moe is not None else 0,
        experts_per_token=moe.per_token if moe is not None else 0,
        moe_layers=config.layers - moe.dense_layers if moe is not None else 0,
        kv_values=config.kv_bytes_per_token(8),
        kv_splits=1 if config.latent is not None else config.kv_heads,
        window=float(window.tokens) if window else math.inf,
        windowed_share=math.ceil(config.layers / window.every) / config.layers if window else 0.0,
    )


@functools.lru_cache(maxsize=256)
def peak_of(accelerator: Accelerator, math_dtype: str | None, weight_bits: float) -> float:
    """Peak of the number format in which products are computed."""
    if math_dtype is not None:
        return float(accelerator.peak_flops_per_s(math_dtype))
    if weight_bits == 8 and accelerator.fp8_dense_flops_per_s is not None:
        return float(accelerator.fp8_dense_flops_per_s)
    return float(accelerator.peak_flops_per_s("bf16"))


@dataclass(frozen=True)
class Split:
    """How a model lies on its chips; fields of shape (...,)."""

    tp: Number
    pp: Number
    ep: Number
    holders: Number  # chips that share a layer's experts: the larger of tp and ep
    replicas: Number  # groups that run attention side by side, each for its part of the batch
    kv_splits: Number  # chips of such a group over which the cache splits


def larger(a: Number, b: Number) -> Number:
    """The larger, a plain float for two of them."""
    return max(a, b) if type(a) is float and type(b) is float else np.maximum(a, b)


def split_of(shape: Shape, tp: Number, pp: Number, ep: Number) -> Split:
    """How a model of that shape lies on chips; refuses layouts of experts that do not exist."""
    heads = float(shape.kv_splits)
    kv_splits = min(tp, heads) if type(tp) is float else np.minimum(tp, heads)
    if type(ep) is float and ep == 1:
        return Split(tp, pp, ep, tp, 1.0, kv_splits)
    if np.any(np.greater(ep, 1)):
        if not shape.routed_params:
            raise ValueError(f"ep = {ep!r}: must be 1 for a model without experts")
        if np.any(np.greater(ep, shape.experts)):
            raise ValueError(f"ep = {ep!r}: must be at most the {shape.experts} experts of a layer")
        if np.any((np.greater(ep, 1)) & (np.mod(ep, tp) != 0)):
            raise ValueError(f"ep = {ep!r}: must be 1 or a multiple of tp = {tp!r}")
    holders = larger(tp, ep)
    return Split(tp, pp, ep, holders, holders / tp, kv_splits)


def _link(accelerator: Accelerator, name: str, value: Number) -> float:
    """Bandwidth between chips; endless where one chip alone, with nothing to send, has none."""
    if accelerator.scaleup_bytes_per_s is not None:
        return accelerator.scaleup_bytes_per_s
    if np.any(np.greater(value, 1)):
        raise ValueError(
            f"{name} = {value!r}: {accelerator.id} has no published scale-up bandwidth, "
            f"so {name} must be 1"
        )
    return math.inf


def _doublings(group: Number) -> Number:
    return math.log2(group) if type(group) is float else np.log2(group)


def _collectives_s(
    shape: Shape, accelerator: Accelerator, fit: Calibration, split: Split, tokens: Number
) -> Number:
    """All-reduces of tensor parallelism, all-to-alls of expert parallelism, hops of the pipeline."""
    total: Number = 0.0
    tp, pp, ep = split.tp, split.pp, split.ep
    message = 2 * shape.width * tokens / split.replicas
    if not (type(tp) is float and tp == 1):
        link = _link(accelerator, "tp", tp)
        slow = 0.0
        if fit.large_message_efficiency < math.inf:
            over = (message / _LARGE_MESSAGE_BYTES) ** 8
            slow = over / (1 + over) / fit.large_message_efficiency
        wire = 2 * (tp - 1) / tp * message / link
        reduces: Number = 2.0 * shape.layers
        if not (type(ep) is float and ep == 1):  # experts exchange tokens, they reduce nothing
            reduces = reduces - shape.moe_layers * (ep > 1)
        total = reduces * (
            _doublings(tp) * fit.allreduce_latency_s + wire * (1 / fit.link_efficiency + slow)
        )
    if not (type(ep) is float and ep == 1):
        link = _link(accelerator, "ep", ep)
        sent = (ep - 1) / ep * shape.experts_per_token * 2 * shape.width * tokens / split.holders
        exchange = _doublings(ep) * fit.allreduce_latency_s + sent / (link * fit.link_efficiency)
        total = total + 2 * shape.moe_layers * exchange
    if not (type(pp) is float and pp == 1):
        link = _link(accelerator, "pp", pp)
        total = total + (pp - 1) * (
            fit.allreduce_latency_s + message / (link * fit.link_efficiency)
        )
    return total


def forward(
    shape: Shape,
    accelerator: Accelerator,
    fit: Calibration,
    split: Split,
    *,
    tokens: Number,
    flops: Number,
    kv_read_bytes: Number,
    weight_bits: Number,
    peak: Number,
    fixed_s: Number,
    rounds: Number = 1.0,
) -> Terms:
    """Passes through all layers with `tokens` new tokens in each, `rounds` of them end to end."""
    compute = flops / (split.holders * peak * fit.compute_efficiency)
    touched = shape.shared_params / split.tp
    if shape.routed_params:  # experts that no token of the batch chose stay unread
        touched = touched + shape.routed_params / split.holders * (1 - shape.missed_share**tokens)
    bandwidth = accelerator.bandwidth_bytes_per_s
    kv_read_bytes = kv_read_bytes / (split.kv_splits * split.replicas)
    memory = (touched * weight_bits / 8 + kv_read_bytes) / (bandwidth * fit.memory_efficiency)
    activations = (
        fit.activation_passes * 2 * shape.layers * shape.width * tokens / split.replicas / bandwidth
    )
    communication = _collectives_s(shape, accelerator, fit, split, tokens)
    launch = shape.layers * fit.layer_s
    work = (compute * compute + memory * memory) ** 0.5 + activations + communication
    if fit.runtime == "compiled":
        total = work + launch + fixed_s
    else:
        total = (work * work + launch * launch) ** 0.5 + fixed_s
    memory, overhead = memory + activations, launch + fixed_s
    if not (type(rounds) is float and rounds == 1):
        compute, memory, communication = compute * rounds, memory * rounds, communication * rounds
        overhead, total = overhead * rounds, total * rounds
    return Terms(compute, memory, communication, overhead, total)
