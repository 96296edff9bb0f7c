"""Failures of a synchronous job, checkpoints, and what is left of its time (goodput).

One failure stops all chips of a synchronous job, so its mean time between interruptions falls as
one over the number of chips. Checkpoints bound what is lost; writing them too often loses as much.
At 16,000 chips a square root (Young) settles how often; at half a million it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, positive
from supercycle.energy import sync_throughput_share

__all__ = [
    "JobGoodput", "daly_interval_s", "first_order_goodput_share", "goodput_daly_share",
    "interruption_rate_per_chip_s", "job_goodput", "largest_job_chips", "mtbi_s",
    "optimum_interval_s", "young_interval_s",
]  # fmt: skip


def interruption_rate_per_chip_s() -> float:
    """Unexpected interruptions per chip and second, from the published record of one job [1/s].

    Llama 3 405B: 419 in 54 days on 16,384 H100, software included
    (rows ``infrastructure/llama-*``).

    Examples
    --------
    >>> round(1 / interruption_rate_per_chip_s() / (365 * 86400), 1)  # years between, per chip
    5.8
    """
    count, window_s, chips = (
        float(facts.value(f"infrastructure/llama-{part}"))
        for part in ("interruptions", "window", "chips")
    )
    return count / (window_s * chips)


def mtbi_s(chips: Any, *, rate_per_chip_s: Any = None) -> Any:
    """Mean time between interruptions of a synchronous job: ``M = 1 / (N λ)``.

    Parameters
    ----------
    chips : float or array of shape (...,)
        Chips that stop together [1].
    rate_per_chip_s : float or array of shape (...,), optional
        Interruptions per chip and second [1/s]; left out, `interruption_rate_per_chip_s`.
        Zero means that nothing fails.

    Returns
    -------
    float or array of shape (...,)
        [s].

    Raises
    ------
    ValueError
        When there is no chip or the rate is negative.

    Notes
    -----
    Failures are independent and have no memory. Power and cooling events hit many chips together
    (fewer interruptions for the same count of failures); young fleets fail more.

    Examples
    --------
    >>> round(mtbi_s(16_384) / 3600, 1), round(mtbi_s(500_000) / 60, 1)  # hours, minutes
    (3.1, 6.1)
    """
    positive("chips", chips)
    rate = interruption_rate_per_chip_s() if rate_per_chip_s is None else rate_per_chip_s
    non_negative("rate_per_chip_s", rate)
    with np.errstate(divide="ignore"):
        return plain(np.divide(1.0, np.multiply(chips, rate)))


def young_interval_s(checkpoint_s: Any, mtbi_s: Any) -> Any:
    """Time between checkpoints by Young's square root, ``√(2 δ M)`` [s].

    Parameters
    ----------
    checkpoint_s, mtbi_s : float or array of shape (...,)
        Time to write a checkpoint δ and mean time between interruptions M [s].

    Returns
    -------
    float or array of shape (...,)
        Work between two checkpoints [s].

    Raises
    ------
    ValueError
        When a time is not positive.

    Notes
    -----
    Holds for δ ≪ M only. Source: Young (1974), A first order approximation to the optimum
    checkpoint interval, CACM 17(9).

    Examples
    --------
    >>> young_interval_s(60.0, 7200.0) / 60
    15.491933384829668
    """
    positive("checkpoint_s", checkpoint_s)
    positive("mtbi_s", mtbi_s)
    return plain(np.sqrt(2.0 * np.multiply(checkpoint_s, mtbi_s)))


def daly_interval_s(checkpoint_s: Any, mtbi_s: Any) -> Any:
    """Time between checkpoints by Daly's higher-order estimate.

    ``√(2δM) · (1 + √(δ/2M)/3 + (δ/2M)/9) − δ`` for δ < 2M, else M.

    Parameters
    ----------
    checkpoint_s, mtbi_s : float or array of shape (...,)
        As in `young_interval_s` [s].

    Returns
    -------
    float or array of shape (...,)
        [s].

    Raises
    ------
    ValueError
        When a time is not positive.

    Notes
    -----
    Source: Daly (2006), A higher order estimate of the optimum checkpoint interval for restart
    dumps, Future Generation Computer Systems 22(3).

    Examples
    --------
    >>> round(daly_interval_s(5.0, 24 * 60.0))  # minutes; the paper's figure 3
    117
    """
    root = np.asarray(young_interval_s(checkpoint_s, mtbi_s))
    ratio = np.divide(checkpoint_s, mtbi_s) / 2
    higher = root * (1 + np.sqrt(ratio) / 3 + ratio / 9) - checkpoint_s
    return plain(np.where(ratio < 1, higher, mtbi_s))


def optimum_interval_s(checkpoint_s: Any, mtbi_s: Any) -> Any:
    """Time between checkpoints that maximises `goodput_daly_share`, exactly.

    With u = τ/M the first-order condition is ``u + ln(1 − u) = −δ/M``, solved by
    ``τ = M · (1 + W(−e^(−1−δ/M)))``, W the principal branch of Lambert's function.

    Parameters
    ----------
    checkpoint_s, mtbi_s : float or array of shape (...,)
        As in `young_interval_s` [s].

    Returns
    -------
    float or array of shape (...,)
        [s]; below M, and below Young's root by ``2δ/3`` for small δ/M.

    Raises
    ------
    ValueError
        When a time is not positive.

    Notes
    -----
    The restart time cancels: it is lost at each failure however often one saves.

    Examples
    --------
    Daly's figure 5 has 9.1 minutes from his estimate:

    >>> round(optimum_interval_s(5.0, 15.0), 2), round(daly_interval_s(5.0, 15.0), 2)
    (9.17, 9.14)
    """
    from scipy.special import lambertw

    root = np.asarray(young_interval_s(checkpoint_s, mtbi_s))
    mean = np.asarray(mtbi_s, dtype=float)
    ratio = np.divide(checkpoint_s, mean)
    with np.errstate(invalid="ignore"):  # M = ∞ takes the root
        exact = mean * (1 + lambertw(-np.exp(-1 - ratio)).real)
    # Next to its branch point W loses half its digits; there the series is exact to s³/36.
    return plain(np.where(ratio < 1e-8, root - 2 / 3 * np.asarray(checkpoint_s), exact))


def goodput_daly_share(interval_s: Any, checkpoint_s: Any, restart_s: Any, mtbi_s: Any) -> Any:
    """Share of time that becomes kept work, exactly for failures without memory.

    ``τ e^(−R/M) / (M (e^((τ+δ)/M) − 1))``: the inverse of Daly's complete wall time. Failures may
    also strike while a checkpoint is written or the job restarts.

    Parameters
    ----------
    interval_s : float or array of shape (...,)
        Work τ between two checkpoints [s].
    checkpoint_s : float or array of shape (...,)
        Time δ to write one, while all wait; 0 for a free one [s].
    restart_s : float or array of shape (...,)
        Time R from a failure to the next step [s].
    mtbi_s : float or array of shape (...,)
        Mean time M between interruptions [s]; infinite means no failure.

    Returns
    -------
    float or array of shape (...,)
        0 to 1 [1]; ``τ/(τ + δ)`` as M grows without end.

    Raises
    ------
    ValueError
        When the interval or M is not positive, or a time is negative.

    Notes
    -----
    Source: Daly (2006), the complete wall clock time ``T_w = M e^(R/M) (e^((τ+δ)/M) − 1) T_s/τ``.

    Examples
    --------
    >>> round(goodput_daly_share(170, 60, 300, mtbi_s(500_000)), 2)
    0.23
    >>> goodput_daly_share(900, 100, 300, np.inf)
    0.9
    """
    positive("interval_s", interval_s)
    non_negative("checkpoint_s", checkpoint_s)
    non_negative("restart_s", restart_s)
    positive("mtbi_s", mtbi_s)
    work, save, back, mean = (
        np.asarray(x, dtype=float) for x in (interval_s, checkpoint_s, restart_s, mtbi_s)
    )
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        failing = work / mean * np.exp(-back / mean) / np.expm1((work + save) / mean)
    return plain(np.where(np.isinf(mean), work / (work + save), failing))


def first_order_goodput_share(
    interval_s: Any, checkpoint_s: Any, restart_s: Any, mtbi_s: Any
) -> Any:
    """Goodput as one adds it up on paper: ``1 − δ/τ − (τ/2 + R)/M``.

    Right while every term is small; elsewhere it goes below zero, which no machine can. It stands
    here to be compared with `goodput_daly_share`.

    Parameters
    ----------
    interval_s, checkpoint_s, restart_s, mtbi_s : float or array of shape (...,)
        As in `goodput_daly_share` [s].

    Returns
    -------
    float or array of shape (...,)
        [1].

    Raises
    ------
    ValueError
        As in `goodput_daly_share`.

    Examples
    --------
    >>> m = mtbi_s(500_000)
    >>> round(first_order_goodput_share(young_interval_s(60, m), 60, 300, m), 2)
    -0.4
    """
    positive("interval_s", interval_s)
    non_negative("checkpoint_s", checkpoint_s)
    non_negative("restart_s", restart_s)
    positive("mtbi_s", mtbi_s)
    lost = np.add(np.divide(interval_s, 2.0), restart_s)
    return plain(1 - np.divide(checkpoint_s, interval_s) - np.divide(lost, mtbi_s))


@dataclass(frozen=True)
class JobGoodput:
    """What is left of a synchronous job's time.

    Attributes
    ----------
    mtbi_s, interval_s : float or array of shape (...,)
        Mean time between interruptions, and work between checkpoints [s].
    kept_share : float or array of shape (...,)
        Time that becomes kept work, after checkpoints and failures [1].
    speed_share : float or array of shape (...,)
        Mean speed while working, after waiting for the slowest chip [1].
    goodput_share : float or array of shape (...,)
        Product of the two [1].
    """

    mtbi_s: Any
    interval_s: Any
    kept_share: Any
    speed_share: Any
    goodput_share: Any


def job_goodput(
    chips: Any,
    *,
    checkpoint_s: Any = None,
    restart_s: Any = None,
    rate_per_chip_s: Any = None,
    interval_s: Any = None,
    throttle_probability: Any = 0.0,
    slow_speed: Any = 1.0,
) -> JobGoodput:
    """Goodput of a synchronous job: failures, checkpoints, restarts and its slowest chip (S5).

    Parameters
    ----------
    chips : float or array of shape (...,)
        Chips that stop together and wait for each other [1]. For a job that loses only a part of
        itself at a failure, the size of that part.
    checkpoint_s, restart_s : float or array of shape (...,), optional
        [s]; left out, ``infrastructure/checkpoint-time`` and ``infrastructure/restart-time``.
    rate_per_chip_s : float or array of shape (...,), optional
        As in `mtbi_s`.
    interval_s : float or array of shape (...,), optional
        Work between checkpoints [s]; left out, the optimum.
    throttle_probability, slow_speed : float or array of shape (...,)
        Chance that a chip throttles in a step, and its speed then
        (`energy.sync_throughput_share`) [1].

    Returns
    -------
    JobGoodput

    Raises
    ------
    ValueError
        When a number is impossible, or nothing fails and no interval is given.

    Examples
    --------
    >>> for chips in (16_384, 100_000, 500_000):
    ...     print(chips, round(job_goodput(chips).goodput_share, 2))
    16384 0.88
    100000 0.65
    500000 0.23
    """
    if checkpoint_s is None:
        checkpoint_s = facts.value("infrastructure/checkpoint-time")
    if restart_s is None:
        restart_s = facts.value("infrastructure/restart-time")
    mean = mtbi_s(chips, rate_per_chip_s=rate_per_chip_s)
    if interval_s is None:
        if np.isinf(mean).any():
            raise ValueError(
                f"rate_per_chip_s = {rate_per_chip_s!r}: must be > 0 where interval_s is left out"
            )
        interval_s = optimum_interval_s(checkpoint_s, mean)
    kept = goodput_daly_share(interval_s, checkpoint_s, restart_s, mean)
    speed = sync_throughput_share(throttle_probability, chips, slow_speed=slow_speed)
    return JobGoodput(mean, plain(interval_s), kept, speed, plain(np.multiply(kept, speed)))


def largest_job_chips(
    goodput_share: float,
    *,
    checkpoint_s: float | None = None,
    restart_s: float | None = None,
    rate_per_chip_s: float | None = None,
) -> float:
    """Size of the largest synchronous job that keeps a share of its time [1].

    Goodput falls with size, so the answer is the root of ``job_goodput(N) = share``.

    Parameters
    ----------
    goodput_share : float
        Between 0 and 1, both excluded [1].
    checkpoint_s, restart_s, rate_per_chip_s : float, optional
        As in `job_goodput`.

    Raises
    ------
    ValueError
        When the share is not between 0 and 1, or one chip alone cannot keep it.

    Examples
    --------
    >>> round(largest_job_chips(0.9), -2)
    11200.0
    """
    from scipy.optimize import brentq

    if not 0 < goodput_share < 1:
        raise ValueError(f"goodput_share = {goodput_share!r}: must be between 0 and 1")

    def excess(log_chips: float) -> float:
        job = job_goodput(np.exp(log_chips), checkpoint_s=checkpoint_s, restart_s=restart_s,
                          rate_per_chip_s=rate_per_chip_s)  # fmt: skip
        return float(job.goodput_share) - goodput_share

    if excess(0.0) < 0:
        raise ValueError(f"goodput_share = {goodput_share!r}: one chip alone keeps less")
    return float(np.exp(brentq(excess, 0.0, np.log(1e12), xtol=1e-10)))
