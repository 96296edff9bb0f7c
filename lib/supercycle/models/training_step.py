"""One step of training on many chips: how long it takes, and how the model is laid out.

Tensor parallelism splits each layer, a pipeline splits the layers, data parallelism the batch.
What the step takes beyond its own FLOPs is what keeps the MFU below one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supercycle import facts
from supercycle._validate import at_least
from supercycle.models.engines import Calibration, calibration

if TYPE_CHECKING:
    from supercycle.chips import Accelerator
    from supercycle.models.architecture import TransformerConfig

__all__ = ["Iteration", "iteration", "layout"]

_RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True)
class Iteration:
    """One optimiser step; times for the whole group of chips [s].

    Attributes
    ----------
    compute_s, activation_s, communication_s, bubble_s : float
        Products (recomputation included), activations through memory, tensor-parallel
        all-reduces, idle pipeline stages.
    total_s : float
    mfu : float
        The model's own FLOPs over what the chips could have done [1].
    """

    compute_s: float
    activation_s: float
    communication_s: float
    bubble_s: float
    total_s: float
    mfu: float


def iteration(
    config: TransformerConfig,
    accelerator: Accelerator,
    *,
    n_chips: int,
    batch_sequences: float,
    sequence_tokens: int,
    tp: int = 1,
    pp: int = 1,
    micro_batch: int = 1,
    interleave: int = 1,
    recompute: str = "none",
    dtype: str = "bf16",
    engine: Calibration | None = None,
) -> Iteration:
    """Predict the time of one training step under tensor, pipeline and data parallelism.

    A layer's forward pass costs what it costs in a prefill (`inference`), its backward pass
    twice that; full recomputation repeats the forward pass, selective recomputation only the
    attention matrix. Each layer and micro-batch all-reduces twice forward and twice backward
    (twice more when recomputed; one more in gathers under sequence parallelism, which comes with
    selective recomputation). A pipeline of p stages with m micro-batches and v chunks a stage
    idles ``(p − 1)/(m v)`` of the time.

    Parameters
    ----------
    config : TransformerConfig
    accelerator : Accelerator
    n_chips : int
        Chips of the job; a multiple of ``tp · pp``.
    batch_sequences : float
        Sequences in a step.
    sequence_tokens : int
    tp, pp : int
        Chips across which a layer, and the layers, are split.
    micro_batch : int
        Sequences that pass through a stage together.
    interleave : int
        Chunks of layers a stage holds.
    recompute : str
        ``none``, ``selective`` (with sequence parallelism) or ``full``.
    dtype : str
        Number format of the products.
    engine : Calibration, optional
        Efficiencies; those of compiled inference runtimes without it.

    Raises
    ------
    ValueError
        For a layout that does not divide, or tp > 1 on a chip without a scale-up network.

    Notes
    -----
    Left out: the optimiser step, data-parallel gradient exchange (overlapped in practice), the
    network between pipeline stages, stragglers and failures. Nothing here is fitted to training:
    the efficiencies come from inference measurements, and the four models of Korthikanti et al.
    with two settings each come out within 8 per cent.

    Source: Narayanan et al. (2021), arXiv:2104.04473, sections 2 and 3; Korthikanti et al.
    (2022), arXiv:2205.05198, sections 4 and 5.

    Examples
    --------
    >>> from supercycle import chips
    >>> from supercycle.models.fitting import config_of
    >>> step = iteration(config_of("megatron-175b"), chips.accelerator("a100-80gb"), n_chips=64,
    ...     batch_sequences=64, sequence_tokens=2048, tp=8, pp=8, interleave=3, recompute="full")
    >>> round(step.total_s, 1)  # measured: 18.13
    18.7
    """
    for name, value in (
        ("n_chips", n_chips),
        ("batch_sequences", batch_sequences),
        ("sequence_tokens", sequence_tokens),
        ("tp", tp),
        ("pp", pp),
        ("micro_batch", micro_batch),
        ("interleave", interleave),
    ):
        at_least(name, value, 1)
    if recompute not in _RECOMPUTE:
        raise ValueError(f"recompute = {recompute!r}: must be one of {', '.join(_RECOMPUTE)}")
    if n_chips % (tp * pp):
        raise ValueError(f"n_chips = {n_chips}: must be a multiple of tp · pp = {tp * pp}")
    dp = n_chips // (tp * pp)
    micro_batches = batch_sequences / dp / micro_batch
    if micro_batches < 1:
        raise ValueError(
            f"batch_sequences = {batch_sequences}: must be at least micro_batch · dp = "
            f"{micro_batch * dp}, so that every replica has work"
        )
    fit = engine or calibration("compiled", accelerator.id)
    peak = accelerator.peak_flops_per_s(dtype)
    one = config.prefill_flops(sequence_tokens, causal=False, all_logits=True)
    linear = sequence_tokens * (2.0 * config.matmul_params)
    head = sequence_tokens * 2.0 * config.vocab * config.width
    attention = one - linear - head
    again = {"none": 0.0, "selective": attention, "full": linear + attention}[recompute]
    own = 3 * one * batch_sequences
    compute = (own + again * batch_sequences) / (n_chips * peak * fit.compute_efficiency)

    passes = config.layers / pp * micro_batches  # layers that a stage works through
    message = 2 * config.width * sequence_tokens * micro_batch
    forward = {"none": 3, "selective": 3, "full": 4}[recompute]
    activation = (
        passes * forward * fit.activation_passes * message / accelerator.bandwidth_bytes_per_s
    )
    communication = 0.0
    if tp > 1:
        link = accelerator.scaleup_bytes_per_s
        if link is None:
            raise ValueError(f"tp = {tp}: {accelerator.id} has no published scale-up bandwidth")
        reduces = {"none": 4, "selective": 5, "full": 6}[recompute]
        wire = 2 * (tp - 1) / tp * message / (link * fit.link_efficiency)
        communication = passes * reduces * (math.log2(tp) * fit.allreduce_latency_s + wire)
    busy = compute + activation + communication
    bubble = busy * (pp - 1) / (micro_batches * interleave)
    total = busy + bubble
    return Iteration(
        compute_s=compute,
        activation_s=activation,
        communication_s=communication,
        bubble_s=bubble,
        total_s=total,
        mfu=own / (n_chips * peak * total),
    )


def layout(config: TransformerConfig, accelerator: Accelerator, n_chips: int) -> tuple[int, int]:
    """Choose tensor and pipeline parallelism: the least splitting that fits the memory.

    A replica keeps 6 bytes a parameter (bf16 weights, fp32 gradients) and its part of the 12
    bytes of optimiser state that all replicas share; together they may fill 60 % of memory.
    Tensor parallelism doubles up to 8, then the pipeline grows over divisors of the job.

    Returns
    -------
    tuple of int
        ``tp, pp``, whose product divides `n_chips`.

    Raises
    ------
    ValueError
        When the model does not fit `n_chips` at all.

    Examples
    --------
    >>> from supercycle import chips, models
    >>> layout(models.get("llama-3.1-405b"), chips.accelerator("h100-sxm"), 16384)
    (8, 8)
    """
    at_least("n_chips", n_chips, 1)
    params = config.params()
    replica = facts.value("model-assumptions/training-state-replica") * params
    shared = facts.value("model-assumptions/training-state-sharded") * params
    room = facts.value("model-assumptions/training-memory-share") * accelerator.memory_bytes

    def fits(chips_per_replica: int) -> bool:
        if n_chips % chips_per_replica:
            return False
        return replica / chips_per_replica + shared / n_chips <= room

    tp = 1
    while not fits(tp) and tp < 8 and n_chips % (2 * tp) == 0 and accelerator.scaleup_bytes_per_s:
        tp *= 2
    for pp in range(1, min(config.layers, n_chips // tp) + 1):
        if fits(tp * pp):
            return tp, pp
    raise ValueError(
        f"n_chips = {n_chips}: {config.name or 'the model'} needs {(replica + shared) / 1e12:.1f} TB of "
        f"training state, and {n_chips} × {accelerator.id} leave room for {room * n_chips / 1e12:.1f} TB"
    )
