"""Memory tiers for the KV cache: keep a prefix, reload it, or compute it again (lecture, 33:45).

A prefix that is still in some tier costs a transfer; one that is gone costs its prefill. Reloading
wins above a break-even bandwidth that only the model sets: KV bytes per token over seconds of
compute per token. What a tier is worth then depends on how often prefixes come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, positive
from supercycle.finance import capital_recovery_factor
from supercycle.infra.caches import lru_hit_share
from supercycle.units import HOUR_S, YEAR_S

__all__ = [
    "Recompute", "Tier", "TierPlan", "added_tier_worth_usd_per_year", "memory_tier",
    "reload_break_even_bytes_per_s", "reload_s", "tier_plan",
]  # fmt: skip


@dataclass(frozen=True)
class Tier:
    """A place where KV cache can wait.

    Attributes
    ----------
    name : str
    capacity_bytes : float
        Room [B].
    bandwidth_bytes_per_s : float
        To the accelerator [B/s].
    latency_s : float
        Before the first byte [s].
    usd_per_byte : float
        Price of capacity [USD/B].
    """

    name: str
    capacity_bytes: float
    bandwidth_bytes_per_s: float
    latency_s: float = 0.0
    usd_per_byte: float = 0.0

    def __post_init__(self) -> None:
        positive("capacity_bytes", self.capacity_bytes)
        positive("bandwidth_bytes_per_s", self.bandwidth_bytes_per_s)
        non_negative("latency_s", self.latency_s)
        non_negative("usd_per_byte", self.usd_per_byte)


def memory_tier(name: str) -> Tier:
    """A row of the table ``memory-tiers``: ``hbm``, ``dram``, ``flash`` and others.

    Examples
    --------
    >>> memory_tier("flash").bandwidth_bytes_per_s
    14000000000.0
    """
    row = facts.row("memory-tiers", name)
    return Tier(
        name,
        float(facts.value(f"memory-tiers/{name}/capacity_bytes")),
        float(facts.value(str(row["bandwidth_from"]))),
        float(facts.value(f"memory-tiers/{name}/latency_s")),
        float(facts.value(f"memory-tiers/{name}/usd_per_byte")),
    )


@dataclass(frozen=True)
class Recompute:
    """What it takes to compute a prefix again.

    ``time(n) = (a n + b n²) / F``.

    Attributes
    ----------
    flop_per_token : float or array of shape (...,)
        a: twice the active parameters [FLOP].
    flops_per_s : float or array of shape (...,)
        F: what prefill sustains, not the peak [FLOP/s].
    attention_flop_per_token2 : float or array of shape (...,)
        b: ``2 · layers · width`` for full causal attention [FLOP].
    """

    flop_per_token: Any
    flops_per_s: Any
    attention_flop_per_token2: Any = 0.0

    def __post_init__(self) -> None:
        positive("flop_per_token", self.flop_per_token)
        positive("flops_per_s", self.flops_per_s)
        non_negative("attention_flop_per_token2", self.attention_flop_per_token2)

    def time_s(self, tokens: Any) -> Any:
        """Time of prefilling a prefix from nothing [s].

        Examples
        --------
        >>> round(Recompute(2 * 100e9, 9e15, 2 * 80 * 10_240).time_s(400_000), 1)
        38.0
        """
        non_negative("tokens", tokens)
        n = np.asarray(tokens, dtype=float)
        flop = self.flop_per_token * n + self.attention_flop_per_token2 * n**2
        return plain(np.divide(flop, self.flops_per_s))


def reload_s(tokens: Any, kv_bytes_per_token: Any, tier: Tier) -> Any:
    """Time to bring a prefix's KV cache from a tier: ``latency + n · kv / bandwidth`` [s].

    Parameters
    ----------
    tokens : float or array of shape (...,)
        Length of the prefix [1].
    kv_bytes_per_token : float or array of shape (...,)
        [B]; it comes from the model.
    tier : Tier

    Returns
    -------
    float or array of shape (...,)
        [s].

    Raises
    ------
    ValueError
        When a number is negative.

    Examples
    --------
    400 k tokens of 80 layers, 8 KV heads of 128, in 16 bits, over PCI Express:

    >>> round(reload_s(400_000, 2 * 80 * 8 * 128 * 2, memory_tier("dram")), 2)
    2.08
    """
    non_negative("tokens", tokens)
    non_negative("kv_bytes_per_token", kv_bytes_per_token)
    size = np.multiply(tokens, kv_bytes_per_token)
    return plain(tier.latency_s + size / tier.bandwidth_bytes_per_s)


def reload_break_even_bytes_per_s(
    tokens: Any, kv_bytes_per_token: Any, recompute: Recompute, *, latency_s: Any = 0.0
) -> Any:
    """Bandwidth above which reloading a prefix beats computing it again.

    ``B* = n · kv / (time(n) − latency)``; without latency and attention ``kv · F / a``, whatever
    the length.

    Parameters
    ----------
    tokens : float or array of shape (...,)
        Length of the prefix, above 0 [1].
    kv_bytes_per_token : float or array of shape (...,)
        [B].
    recompute : Recompute
    latency_s : float or array of shape (...,)
        Of the tier [s].

    Returns
    -------
    float or array of shape (...,)
        [B/s]; infinite where the latency alone takes longer than computing.

    Raises
    ------
    ValueError
        When there is no token or a number is negative.

    Notes
    -----
    Attention makes recomputation quadratic and reloading linear, so long prefixes break even at
    lower bandwidth; many KV heads need more of it, latent attention less.

    Examples
    --------
    A model of 100 bn active parameters at 9e15 FLOP/s, without and with attention, in GB/s:

    >>> kv = 2 * 80 * 8 * 128 * 2
    >>> round(reload_break_even_bytes_per_s(400_000, kv, Recompute(2e11, 9e15)) / 1e9, 1)
    14.7
    >>> full = Recompute(2e11, 9e15, 2 * 80 * 10_240)
    >>> round(reload_break_even_bytes_per_s(400_000, kv, full) / 1e9, 1)
    3.4
    """
    positive("tokens", tokens)
    non_negative("kv_bytes_per_token", kv_bytes_per_token)
    non_negative("latency_s", latency_s)
    left = np.subtract(recompute.time_s(tokens), latency_s)
    size = np.multiply(tokens, kv_bytes_per_token)
    with np.errstate(divide="ignore", invalid="ignore"):
        return plain(np.where(left > 0, size / left, np.inf))


@dataclass(frozen=True)
class TierPlan:
    """What a stack of tiers does and costs, per accelerator (or group that shares the tiers).

    Attributes
    ----------
    hit_share : dict from tier to float
        Share of requests whose prefix waits in that tier [1].
    miss_share : float
        Share that is computed again [1].
    prefix_s : float
        Mean time until a prefix is ready [s].
    compute_usd_per_year : float
        Accelerator time spent on prefixes [USD/yr].
    memory_usd_per_year : float
        Annuity of the tiers [USD/yr].
    """

    hit_share: dict[str, float]
    miss_share: float
    prefix_s: float
    compute_usd_per_year: float
    memory_usd_per_year: float

    @property
    def total_usd_per_year(self) -> float:
        """Accelerator time and memory [USD/yr]."""
        return self.compute_usd_per_year + self.memory_usd_per_year


def tier_plan(
    tiers: Sequence[Tier],
    *,
    popularity: Any,
    prefix_tokens: float,
    kv_bytes_per_token: float,
    recompute: Recompute,
    requests_per_s: float,
    usd_per_gpu_hour: float,
    rate: float | None = None,
    life_years: float | None = None,
) -> TierPlan:
    """Hit shares, time and cost of a stack of tiers that push their oldest prefixes down.

    A prefix dropped by one tier falls into the next, so the first k tiers together hold what one
    cache of their summed room would: ``hit_k = H(C₁ + … + C_k) − H(C₁ + … + C_{k−1})`` with H from
    `lru_hit_share`. A tier from which reloading takes longer than computing saves nothing.

    Parameters
    ----------
    tiers : sequence of Tier
        Fastest first; empty means that nothing is kept.
    popularity : array of shape (prefixes,)
        Share of requests for each prefix [1].
    prefix_tokens : float
        Length of a prefix [1].
    kv_bytes_per_token : float
        [B].
    recompute : Recompute
    requests_per_s : float
        Requests to this accelerator [1/s].
    usd_per_gpu_hour : float
        Value of its time [USD/h].
    rate, life_years : float, optional
        Of the memory's annuity; left out, ``datacenter-capex/rate`` [1/yr] and ``life-it`` [yr].

    Returns
    -------
    TierPlan

    Raises
    ------
    ValueError
        When a number is impossible or two tiers share a name.

    Notes
    -----
    The accelerator waits for a reload. Engines overlap the transfer with other requests, which
    makes every tier worth more than this says.

    Examples
    --------
    >>> from supercycle.infra import zipf_popularity
    >>> case = dict(popularity=zipf_popularity(5000, 0.9), prefix_tokens=20_000,
    ...             kv_bytes_per_token=327_680, recompute=Recompute(1.4e11, 4e14),
    ...             requests_per_s=0.1, usd_per_gpu_hour=2.0)
    >>> plan = tier_plan([memory_tier("hbm"), memory_tier("dram")], **case)
    >>> {name: round(hit, 2) for name, hit in plan.hit_share.items()}, round(plan.miss_share, 2)
    ({'hbm': 0.05, 'dram': 0.16}, 0.79)
    """
    names = [tier.name for tier in tiers]
    if len(set(names)) < len(names):
        raise ValueError(f"tiers = {names!r}: must have different names")
    positive("prefix_tokens", prefix_tokens)
    positive("kv_bytes_per_token", kv_bytes_per_token)
    non_negative("requests_per_s", requests_per_s)
    non_negative("usd_per_gpu_hour", usd_per_gpu_hour)
    rate = float(facts.value("datacenter-capex/rate")) if rate is None else rate
    life = float(facts.value("datacenter-capex/life-it")) if life_years is None else life_years
    room = np.cumsum([tier.capacity_bytes for tier in tiers])
    held = lru_hit_share(room / (prefix_tokens * kv_bytes_per_token), popularity)
    hits = np.diff(held, prepend=0.0)
    cold_s = float(recompute.time_s(prefix_tokens))
    warm_s = [min(float(reload_s(prefix_tokens, kv_bytes_per_token, t)), cold_s) for t in tiers]
    miss = 1.0 - float(hits.sum())
    prefix_s = float(np.dot(hits, warm_s)) + miss * cold_s
    yearly = capital_recovery_factor(rate, life)
    return TierPlan(
        hit_share=dict(zip(names, hits.tolist(), strict=True)),
        miss_share=miss,
        prefix_s=prefix_s,
        compute_usd_per_year=requests_per_s * prefix_s * usd_per_gpu_hour * YEAR_S / HOUR_S,
        memory_usd_per_year=yearly * sum(t.capacity_bytes * t.usd_per_byte for t in tiers),
    )


def added_tier_worth_usd_per_year(tiers: Sequence[Tier], added: Tier, **case: Any) -> float:
    """Yearly gain from putting one more tier below the others; positive where it pays (S16).

    Parameters
    ----------
    tiers : sequence of Tier
        Those there already.
    added : Tier
        Slower than they are.
    **case
        As in `tier_plan`.

    Returns
    -------
    float
        Accelerator time saved less the tier's annuity [USD/yr].

    Raises
    ------
    ValueError
        When the added tier is faster than one above it, or as in `tier_plan`.

    Examples
    --------
    >>> from supercycle.infra import zipf_popularity
    >>> case = dict(popularity=zipf_popularity(5000, 0.9), prefix_tokens=20_000,
    ...             kv_bytes_per_token=327_680, recompute=Recompute(1.4e11, 4e14),
    ...             requests_per_s=0.1, usd_per_gpu_hour=2.0)
    >>> for name in ("dram", "flash"):
    ...     print(name, round(added_tier_worth_usd_per_year([memory_tier("hbm")],
    ...                                                     memory_tier(name), **case)))
    dram 1309
    flash 5692
    """
    for tier in tiers:
        if added.bandwidth_bytes_per_s > tier.bandwidth_bytes_per_s:
            raise ValueError(
                f"{added.name} is faster than {tier.name}: must be added above it, in `tiers`"
            )
    without = tier_plan(tiers, **case).total_usd_per_year
    return without - tier_plan([*tiers, added], **case).total_usd_per_year
