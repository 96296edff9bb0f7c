"""Time to first token, part by part, in the order in which a request lives through it (S14).

app → network → balancing → queue → tokenising → reload of the cache → prefill → first decode.
The path is tens of milliseconds; a long context is FLOPs, or a cache of many gigabytes to page
in. Whatever is sped up, the rest stays: Amdahl.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, positive, share
from supercycle.models import inference
from supercycle.models.engines import Calibration

if TYPE_CHECKING:
    from supercycle.chips import Accelerator
    from supercycle.models.architecture import TransformerConfig

__all__ = [
    "PARTS",
    "Budget",
    "amdahl_speedup",
    "budget",
    "engine_budget",
    "required_hit_rate",
]

PARTS = ("app", "network", "balance", "queue", "tokenise", "reload", "prefill", "decode")
"""The parts of the wait, in order."""

_PATH = PARTS[:5]


@dataclass(frozen=True)
class Budget:
    """The wait for the first token; fields of shape (...,).

    Attributes
    ----------
    app_s, network_s, balance_s, queue_s, tokenise_s : float or array
        The path to the engine: client work, round trip, authentication and balancing, waiting for
        a place in a batch, tokenising [s].
    reload_s : float or array
        Paging the cached part's keys and values into the chips' memory [s].
    prefill_s : float or array
        Computing the new part of the prompt [s].
    decode_s : float or array
        The first step of decoding [s].
    overlapped : bool
        The cache comes in layer by layer while the prefill computes: only the longer one counts.
    """

    app_s: Any
    network_s: Any
    balance_s: Any
    queue_s: Any
    tokenise_s: Any
    reload_s: Any
    prefill_s: Any
    decode_s: Any
    overlapped: bool = False

    @property
    def parts_s(self) -> dict[str, Any]:
        """Each part by name, in order [s]."""
        return {part: getattr(self, f"{part}_s") for part in PARTS}

    @property
    def path_s(self) -> Any:
        """Everything before the engine has the prompt [s]."""
        return sum(getattr(self, f"{part}_s") for part in _PATH)

    @property
    def ttft_s(self) -> Any:
        """The whole wait [s]."""
        if self.overlapped:
            engine = plain(np.maximum(self.reload_s, self.prefill_s))
        else:
            engine = self.reload_s + self.prefill_s
        return self.path_s + engine + self.decode_s

    def share(self, part: str) -> Any:
        """What would be saved of the wait if a part took no time [1]."""
        gone = dataclasses.replace(self, **{_field(part): np.multiply(0.0, self.parts_s[part])})
        return 1 - gone.ttft_s / self.ttft_s

    def faster(self, **factors: Any) -> Budget:
        """The same wait with parts sped up.

        Parameters
        ----------
        **factors : float or array
            Part and how many times faster it becomes: ``prefill=10``; infinity is allowed [1].

        Raises
        ------
        ValueError
            For an unknown part or a factor that is not positive.

        Examples
        --------
        >>> wait = Budget(0.01, 0.03, 0.01, 0.015, 0.005, 0.0, 0.9, 0.03)
        >>> round(wait.ttft_s / wait.faster(prefill=10).ttft_s, 2)  # not ten
        5.26
        """
        for part, factor in factors.items():
            _field(part)
            positive(part, factor)
        changed = {_field(part): self.parts_s[part] / factor for part, factor in factors.items()}
        return dataclasses.replace(self, **changed)


def _field(part: str) -> str:
    if part not in PARTS:
        raise ValueError(f"part = {part!r}: must be one of {', '.join(PARTS)}")
    return f"{part}_s"


def amdahl_speedup(part_share: Any, factor: Any) -> Any:
    """Speed-up of the whole when a part of it becomes `factor` times as fast.

    ``1 / ((1 − f) + f/k)``; as k → ∞ it stays at ``1/(1 − f)``.

    Parameters
    ----------
    part_share : float or array of shape (...,)
        f, share of the time that the part takes [1].
    factor : float or array of shape (...,)
        k, above 0; infinity is allowed [1].

    Returns
    -------
    float or array of shape (...,)

    Notes
    -----
    Source: Amdahl (1967), Validity of the single processor approach, AFIPS 30.

    Examples
    --------
    >>> round(amdahl_speedup(0.9, 10), 2), round(amdahl_speedup(0.9, np.inf), 2)
    (5.26, 10.0)
    """
    share("part_share", part_share)
    positive("factor", factor)
    part = np.asarray(part_share, dtype=float)
    with np.errstate(divide="ignore"):  # all of it, infinitely fast
        speedup = 1 / ((1 - part) + part / np.asarray(factor, dtype=float))
    return plain(speedup)


def _path(given: dict[str, Any]) -> dict[str, Any]:
    """Parts of the path as given, or from the table ``serving``."""
    path = {}
    for part in _PATH:
        value = given[f"{part}_s"]
        path[f"{part}_s"] = facts.value(f"serving/path-{part}") + 0.0 if value is None else value
        non_negative(f"{part}_s", path[f"{part}_s"])
    return path


def _new_tokens(input_tokens: Any, cached_tokens: Any) -> Any:
    positive("input_tokens", input_tokens)
    non_negative("cached_tokens", cached_tokens)
    new = np.subtract(input_tokens, cached_tokens, dtype=float)
    non_negative("input_tokens − cached_tokens", new)
    return new


def budget(
    config: TransformerConfig,
    *,
    input_tokens: Any,
    cached_tokens: Any = 0,
    flops_per_s: Any,
    bandwidth_bytes_per_s: Any,
    reload_bytes_per_s: Any,
    weight_bits: Any = 16,
    kv_bits: Any = 16,
    overlapped: bool = False,
    app_s: Any = None,
    network_s: Any = None,
    balance_s: Any = None,
    queue_s: Any = None,
    tokenise_s: Any = None,
) -> Budget:
    """The wait from the rates that a group of chips sustains.

    ``prefill = config.prefill_flops(new, cached) / flops_per_s``,
    ``reload = config.kv_bytes(cached) / reload_bytes_per_s``,
    ``decode = (weights + cache of the whole prompt) / bandwidth``.

    Parameters
    ----------
    config : TransformerConfig
    input_tokens, cached_tokens : float or array of shape (...,)
        The whole prompt, and the part of it whose keys and values are kept somewhere [tokens].
    flops_per_s : float or array of shape (...,)
        FLOP/s the group sustains in prefill: peak times MFU, all chips together.
    bandwidth_bytes_per_s : float or array of shape (...,)
        Memory bandwidth of the group [B/s].
    reload_bytes_per_s : float or array of shape (...,)
        Over which the cache is paged in; infinity where it is resident [B/s].
    weight_bits, kv_bits : float or array of shape (...,)
        [bit].
    overlapped : bool
        See `Budget`.
    app_s, network_s, balance_s, queue_s, tokenise_s : float or array of shape (...,), optional
        The path; left out, ``serving/path-…`` [s].

    Returns
    -------
    Budget

    Raises
    ------
    ValueError
        For rates that are not positive, negative times, or more cached than input tokens.

    Examples
    --------
    400,000 tokens, cold, on eight H200 at half their peak:

    >>> from supercycle import chips, models
    >>> h200 = chips.accelerator("h200")
    >>> node = {"flops_per_s": 8 * 0.5 * h200.peak_flops_per_s(),
    ...         "bandwidth_bytes_per_s": 8 * h200.bandwidth_bytes_per_s, "reload_bytes_per_s": 504e9}
    >>> wait = budget(models.get("llama-3.1-70b"), input_tokens=400_000, **node)
    >>> round(wait.ttft_s), round(wait.path_s, 2)
    (67, 0.07)
    """
    new = _new_tokens(input_tokens, cached_tokens)
    for name, rate in (
        ("flops_per_s", flops_per_s),
        ("bandwidth_bytes_per_s", bandwidth_bytes_per_s),
        ("reload_bytes_per_s", reload_bytes_per_s),
    ):
        positive(name, rate)
    step_bytes = config.weight_bytes(weight_bits) + config.kv_bytes(input_tokens, kv_bits)
    return Budget(
        **_path(locals()),
        reload_s=config.kv_bytes(cached_tokens, kv_bits) / reload_bytes_per_s,
        prefill_s=config.prefill_flops(new, cached=cached_tokens) / flops_per_s,
        decode_s=step_bytes / bandwidth_bytes_per_s,
        overlapped=overlapped,
    )


def engine_budget(
    config: TransformerConfig,
    accelerator: Accelerator,
    *,
    tp: Any = 1,
    pp: Any = 1,
    ep: Any = 1,
    batch: Any = 1,
    input_tokens: Any,
    cached_tokens: Any = 0,
    reload_bytes_per_s: Any,
    weight_bits: Any = 16,
    kv_bits: Any = 16,
    engine: str | Calibration | None = None,
    overlapped: bool = False,
    app_s: Any = None,
    network_s: Any = None,
    balance_s: Any = None,
    queue_s: Any = None,
    tokenise_s: Any = None,
) -> Budget:
    """The wait on a calibrated engine: prefill and decode from `inference.predict`.

    Parameters
    ----------
    config : TransformerConfig
    accelerator : Accelerator
    tp, pp, ep, batch, input_tokens, cached_tokens, weight_bits, kv_bits, engine
        As in `inference.predict`. All requests of the batch have the same cached part.
    reload_bytes_per_s : float or array of shape (...,)
        Over which the whole batch's cache is paged in, all chips together; infinity where it is
        resident [B/s].
    overlapped, app_s, network_s, balance_s, queue_s, tokenise_s
        As in `budget`.

    Returns
    -------
    Budget

    Examples
    --------
    A cache that holds nine tenths of the prompt saves nearly nine tenths of the prefill:

    >>> from supercycle import chips, models
    >>> model, h100 = models.get("llama-3.1-70b"), chips.accelerator("h100-sxm")
    >>> case = {"tp": 8, "input_tokens": 32_000, "reload_bytes_per_s": np.inf}
    >>> cold = engine_budget(model, h100, **case)
    >>> warm = engine_budget(model, h100, cached_tokens=28_800, **case)
    >>> round(cold.prefill_s, 1), round(warm.prefill_s, 1)
    (1.9, 0.2)
    """
    positive("reload_bytes_per_s", reload_bytes_per_s)
    p = inference.predict(
        config,
        accelerator,
        tp=tp,
        pp=pp,
        ep=ep,
        batch=batch,
        input_tokens=input_tokens,
        output_tokens=1,
        cached_tokens=cached_tokens,
        weight_bits=weight_bits,
        kv_bits=kv_bits,
        engine=engine,
    )
    kept = np.multiply(batch, config.kv_bytes(cached_tokens, kv_bits)) / reload_bytes_per_s
    return Budget(
        **_path(locals()),
        reload_s=plain(kept),
        prefill_s=p.prefill_s,
        decode_s=p.decode_s_per_token,
        overlapped=overlapped,
    )


def required_hit_rate(ttft_at: Callable[[float], float], target_s: float) -> float:
    """Smallest share of a prompt that must be cached to keep a promise.

    Parameters
    ----------
    ttft_at : callable
        Time to first token at a hit rate from 0 to 1 [s].
    target_s : float
        The promise [s].

    Returns
    -------
    float
        Hit rate [1]; 0 where even a cold prompt keeps it.

    Raises
    ------
    ValueError
        When no hit rate keeps the promise: what is left at 1 is the path, the reload and the
        first decode.

    Notes
    -----
    The wait is concave in the hit rate (attention saves with its square), so it passes the target
    at most once on the way down. `ttft_at` is asked at 0, at 1 and between; an engine needs one
    new token, so with `engine_budget` cache ``min(h·T, T − 1)``.

    Examples
    --------
    >>> round(required_hit_rate(lambda h: 0.1 + 0.9 * (1 - h) + 0.2 * (1 - h * h), 0.3), 3)
    0.842
    """
    from scipy.optimize import brentq

    positive("target_s", target_s)
    if ttft_at(0.0) <= target_s:
        return 0.0
    least = ttft_at(1.0)
    if least > target_s:
        raise ValueError(
            f"target_s = {target_s:g}: no hit rate keeps it, {least:.3g} s are left with the whole "
            "prompt cached"
        )
    return float(brentq(lambda h: ttft_at(h) - target_s, 0.0, 1.0, xtol=1e-9))
