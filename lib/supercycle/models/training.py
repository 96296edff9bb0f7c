"""What a training run takes: time, chip-hours, energy and money from FLOPs and their utilisation.

The arithmetic is one line, ``time = FLOPs / (chips · peak · MFU)``. The craft is in the MFU, the
share of the peak that ends up in the model's own FLOPs. Published runs state it; without one it
is predicted from the iteration: products at the efficiency that inference engines reach,
activations through memory, all-reduces of tensor parallelism, the pipeline's bubble, and the
activations that are computed twice to save memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import at_least, positive, share
from supercycle.models.architecture import TransformerConfig
from supercycle.models.training_step import Iteration, iteration, layout

if TYPE_CHECKING:
    from supercycle.chips import Accelerator

__all__ = ["Iteration", "TrainingEstimate", "estimate", "iteration", "layout", "train_flops"]


def train_flops(
    config: TransformerConfig | float, tokens: Any, *, sequence_tokens: Any = None
) -> Any:
    """FLOPs of a model's own arithmetic in training: forward once, backward twice.

    ``3 · (2 N + 4 · layers · heads · head_dim · sequence) · tokens``; without a sequence length
    the attention term is left out and what remains is the usual ``6 N D`` of all active weights.

    Parameters
    ----------
    config : TransformerConfig or float
        The model, or its number of (active) parameters [1].
    tokens : float or array of shape (...,)
        Tokens trained on, repeats included [token].
    sequence_tokens : float or array of shape (...,), optional
        Length of a training sequence [token]. The full square is counted, as papers that report
        MFU do; a causal mask needs half of it.

    Returns
    -------
    float or array of shape (...,)
        FLOP.

    Notes
    -----
    Source: Kaplan et al. (2020), arXiv:2001.08361, section 2.1 (6ND); Chowdhery et al. (2022),
    PaLM, arXiv:2204.02311, appendix B (MFU with attention).

    Examples
    --------
    >>> f"{train_flops(70e9, 1.4e12):.2e}"  # Chinchilla: 5.76e23 in the paper, which counts attention
    '5.88e+23'
    """
    positive("tokens", tokens)
    count = np.asarray(tokens, dtype=float)
    if not isinstance(config, TransformerConfig):
        positive("config (as a number of parameters)", config)
        if sequence_tokens is not None:
            raise ValueError(
                f"sequence_tokens = {sequence_tokens!r}: attention needs a TransformerConfig, "
                "not a number of parameters"
            )
        return plain(6.0 * float(config) * count)
    if sequence_tokens is None:
        return plain(6.0 * config.active_params() * count)
    positive("sequence_tokens", sequence_tokens)
    length = np.asarray(sequence_tokens, dtype=float)
    square = config.prefill_flops(length, causal=False, all_logits=True) / length
    return plain(np.asarray(3.0 * square * count))


@dataclass(frozen=True)
class TrainingEstimate:
    """A run; fields of shape (...,).

    Attributes
    ----------
    train_flop : float or array
        The model's own arithmetic [FLOP].
    mfu : float or array
        Model FLOPs utilisation while the job runs [1].
    time_s : float or array
        From start to end, lost time included [s].
    chip_hours : float or array
        Chips times time [h].
    power_w : float or None
        Power of the whole job at the meter [W]; None where the chip's power is not published.
    price_usd_per_chip_hour : float or None
    """

    train_flop: Any
    mfu: Any
    time_s: Any
    chip_hours: Any
    power_w: Any
    price_usd_per_chip_hour: Any

    @property
    def energy_j(self) -> Any:
        """Energy at the meter [J]; refused where the chip's power is not known."""
        if self.power_w is None:
            raise ValueError("power_w_per_chip is not known for this chip: pass it to estimate()")
        return self.power_w * self.time_s

    @property
    def cost_usd(self) -> Any:
        """Rent of the chips [USD]; refused where no price is known, never zero."""
        if self.price_usd_per_chip_hour is None:
            raise ValueError(
                "price_usd_per_chip_hour is not known for this chip: pass it to estimate()"
            )
        return self.price_usd_per_chip_hour * self.chip_hours


def estimate(
    config: TransformerConfig | float,
    tokens: Any,
    accelerator: Accelerator,
    n_chips: Any,
    mfu: Any = None,
    *,
    sequence_tokens: Any = None,
    batch_tokens: float | None = None,
    dtype: str = "bf16",
    goodput: Any = 1.0,
    power_w_per_chip: float | None = None,
    pue: Any = 1.0,
    price_usd_per_chip_hour: Any = None,
    recompute: str = "selective",
) -> TrainingEstimate:
    """Estimate time, chip-hours, energy and cost of a training run.

    ``time = train_flops / (n_chips · peak · MFU · goodput)``.

    Parameters
    ----------
    config : TransformerConfig or float
        The model, or its number of active parameters (then `mfu` is needed).
    tokens : float or array of shape (...,)
        Tokens trained on [token].
    accelerator : Accelerator
    n_chips : int or array of shape (...,)
    mfu : float or array of shape (...,), optional
        Model FLOPs utilisation [1]. Without it, `iteration` predicts it for the `layout` that
        fits (scalar `n_chips` only).
    sequence_tokens : int, optional
        Counts attention's FLOPs. Needed without `mfu`.
    batch_tokens : float, optional
        Tokens of an optimiser step; used without `mfu` only. Default: the table's assumption.
    dtype : str
        Number format whose peak the MFU refers to: DeepSeek-V3's share of the fp8 peak is half
        its share of the bf16 peak.
    goodput : float or array of shape (...,)
        Share of the time that makes progress: failures, restarts, evaluation [1].
    power_w_per_chip : float, optional
        A chip with its share of server and network [W]; default from the table, IT power before
        server power.
    pue : float or array of shape (...,)
        Facility over IT power; 1 gives IT energy.
    price_usd_per_chip_hour : float, optional
        Default: the chip's rent in the table.
    recompute : str
        See `iteration`.

    Returns
    -------
    TrainingEstimate

    Raises
    ------
    ValueError
        For counts that are not positive, shares outside 0..1, no MFU and nothing to predict it
        from. `energy_j` and `cost_usd` are refused where power or price is unknown.

    Examples
    --------
    >>> from supercycle import chips
    >>> llama = estimate(65.2e9, 1.4e12, chips.accelerator("a100-80gb"), 2048, mfu=0.4746)
    >>> round(llama.chip_hours), round(llama.time_s / 86400)  # the paper: 1,022,362 and about 21
    (1027406, 21)
    """
    at_least("n_chips", n_chips, 1)
    share("goodput", goodput)
    positive("goodput", goodput)
    at_least("pue", pue, 1)
    flop = train_flops(config, tokens, sequence_tokens=sequence_tokens)
    if mfu is None:
        mfu = _predicted_mfu(
            config, accelerator, n_chips, sequence_tokens, batch_tokens, dtype, recompute
        )
    share("mfu", mfu)
    positive("mfu", mfu)
    chips = np.asarray(n_chips, dtype=float)
    rate = chips * accelerator.peak_flops_per_s(dtype) * np.asarray(mfu) * np.asarray(goodput)
    seconds = flop / rate
    power = power_w_per_chip
    if power is None:
        power = accelerator.it_power_w or accelerator.server_power_w  # None or above zero
    price = price_usd_per_chip_hour
    if price is None:
        price = accelerator.rent_usd_per_hour
    else:
        positive("price_usd_per_chip_hour", price)
    if power is not None:
        positive("power_w_per_chip", power)
    return TrainingEstimate(
        train_flop=flop,
        mfu=mfu,
        time_s=plain(np.asarray(seconds)),
        chip_hours=plain(np.asarray(seconds * chips / 3600)),
        power_w=None if power is None else plain(np.asarray(chips * power * np.asarray(pue))),
        price_usd_per_chip_hour=price,
    )


def _predicted_mfu(
    config: TransformerConfig | float,
    accelerator: Accelerator,
    n_chips: Any,
    sequence_tokens: Any,
    batch_tokens: float | None,
    dtype: str,
    recompute: str,
) -> float:
    if not isinstance(config, TransformerConfig) or np.ndim(n_chips) or sequence_tokens is None:
        raise ValueError(
            "mfu = None: give mfu, or a TransformerConfig, one n_chips and sequence_tokens "
            "to predict it from"
        )
    n_chips = int(n_chips)
    tp, pp = layout(config, accelerator, n_chips)
    batch = (
        facts.value("model-assumptions/training-batch") if batch_tokens is None else batch_tokens
    )
    positive("batch_tokens", batch)
    chunk = facts.value("model-assumptions/training-chunk")
    step = iteration(
        config,
        accelerator,
        n_chips=n_chips,
        # a job with more replicas than sequences gives each of them one
        batch_sequences=max(batch / sequence_tokens, n_chips / (tp * pp)),
        sequence_tokens=sequence_tokens,
        tp=tp,
        pp=pp,
        interleave=max(1, int(config.layers // (pp * chunk))),
        recompute=recompute,
        dtype=dtype,
    )
    return step.mfu
