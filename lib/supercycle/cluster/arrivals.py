"""When requests come: at random, in clumps, in storms, with the rhythm of a day.

Every function returns sorted times from 0 on. The same seed gives the same times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive
from supercycle.units import HOUR_S

__all__ = [
    "diurnal_arrivals_s", "diurnal_factor", "gamma_arrivals_s", "mmpp_arrivals_s",
    "poisson_arrivals_s", "thinned_arrivals_s",
]  # fmt: skip

Seed = int | np.random.Generator
DAY_S = 24 * HOUR_S


def poisson_arrivals_s(rate_per_s: float, duration_s: float, *, seed: Seed = 0) -> np.ndarray:
    """Arrivals without memory: a Poisson number of them, spread evenly.

    Parameters
    ----------
    rate_per_s : float
        λ [1/s].
    duration_s : float
        [s]
    seed : int or numpy.random.Generator

    Returns
    -------
    array of shape (n,)
        Sorted, in [0, duration) [s]; n is random with mean λ·duration.

    Raises
    ------
    ValueError
        When an argument is not positive.

    Examples
    --------
    >>> poisson_arrivals_s(2.0, 2.0, seed=1).round(2).tolist()
    [0.06, 0.82, 1.1, 1.51, 1.66]
    """
    _window(rate_per_s, duration_s)
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0, duration_s, rng.poisson(rate_per_s * duration_s)))


def _window(rate_per_s: float, duration_s: float) -> None:
    positive("rate_per_s", rate_per_s)
    positive("duration_s", duration_s)
    if not np.isfinite(rate_per_s * duration_s):
        raise ValueError(
            f"rate_per_s = {rate_per_s!r}, duration_s = {duration_s!r}: must be finite"
        )


def gamma_arrivals_s(
    rate_per_s: float, duration_s: float, *, cv: float, seed: Seed = 0
) -> np.ndarray:
    """Arrivals in clumps: independent gaps with a Gamma distribution.

    Gaps have the mean 1/λ and the standard deviation cv/λ: shape 1/cv², scale cv²/λ.

    Parameters
    ----------
    rate_per_s, duration_s, seed
        As in `poisson_arrivals_s`.
    cv : float
        Coefficient of variation of the gaps, > 0: 1 is Poisson, above it bursty, below it regular
        [1].

    Returns
    -------
    array of shape (n,)
        Sorted, in [0, duration) [s].

    Raises
    ------
    ValueError
        When an argument is not positive.

    Notes
    -----
    The clock starts long after the first gap, so that the rate is λ from the first second.
    Source of the form: Wang et al. (2024), BurstGPT, §3, which fits such gaps to a year of chats.

    Examples
    --------
    >>> gaps = np.diff(gamma_arrivals_s(10.0, 1e4, cv=3.0, seed=1))
    >>> round(float(gaps.mean()), 2), round(float(gaps.std() / gaps.mean()), 1)
    (0.1, 3.0)
    """
    _window(rate_per_s, duration_s)
    positive("cv", cv)
    rng = np.random.default_rng(seed)
    start = 40 * max(1.0, cv**2) / rate_per_s
    end = start + duration_s
    times = np.zeros(1)
    while times[-1] < end:
        expected = rate_per_s * (end - times[-1])
        count = int(expected + 4 * cv * np.sqrt(expected)) + 16
        gaps = rng.gamma(1 / cv**2, cv**2 / rate_per_s, count)
        times = np.concatenate([times, times[-1] + np.cumsum(gaps)])
    return times[(times >= start) & (times < end)] - start


def mmpp_arrivals_s(
    rates_per_s: Sequence[float],
    stays_s: Sequence[float],
    duration_s: float,
    *,
    seed: Seed = 0,
) -> np.ndarray:
    """Calm and storm: a Poisson stream whose rate jumps between levels (MMPP).

    The levels follow each other in the given order, round and round; each lasts a random time
    with an exponential distribution. The mean rate is ``Σ λᵢ·sᵢ / Σ sᵢ``.

    Parameters
    ----------
    rates_per_s : sequence of float, shape (levels,)
        λᵢ ≥ 0 [1/s].
    stays_s : sequence of float, shape (levels,)
        sᵢ, mean length of each stay [s].
    duration_s : float
        [s]
    seed : int or numpy.random.Generator

    Returns
    -------
    array of shape (n,)
        Sorted, in [0, duration) [s].

    Raises
    ------
    ValueError
        When the levels do not match the stays or an argument is out of range.

    Notes
    -----
    The first level is drawn from the long-run shares. Counts over a long window have the variance
    over mean ``1 + 2·(λ₁ − λ₂)²·s₁²·s₂² / ((s₁ + s₂)²·(λ₁·s₁ + λ₂·s₂))`` with two levels (Fischer
    and Meier-Hellstern 1993, Performance Evaluation 18).

    Examples
    --------
    Ten times the traffic during one minute in ten:

    >>> times = mmpp_arrivals_s([1.0, 10.0], [540.0, 60.0], 36_000.0, seed=1)
    >>> round(times.size / 36_000, 1)
    1.9
    """
    rates = np.asarray(rates_per_s, dtype=float)
    stays = np.asarray(stays_s, dtype=float)
    if rates.ndim != 1 or rates.shape != stays.shape or rates.size == 0:
        raise ValueError(
            f"rates_per_s has shape {rates.shape} and stays_s {stays.shape}: must be two lists of "
            "equal length"
        )
    non_negative("rates_per_s", rates)
    positive("stays_s", stays)
    _window(float(rates.max()), duration_s)
    rng = np.random.default_rng(seed)
    level = int(rng.choice(rates.size, p=stays / stays.sum()))
    visits = int(np.ceil(rates.size * (duration_s / stays.sum() * 1.5 + 8)))
    clock, edges, order = 0.0, [np.zeros(1)], []
    while clock < duration_s:
        visited = (level + np.arange(visits)) % rates.size
        ends = clock + np.cumsum(rng.exponential(stays[visited]))
        edges.append(ends)
        order.append(visited)
        clock, level = float(ends[-1]), (level + visits) % rates.size
    bounds = np.minimum(np.concatenate(edges), duration_s)
    lengths = np.diff(bounds)
    counts = rng.poisson(rates[np.concatenate(order)] * lengths)
    times = np.repeat(bounds[:-1], counts) + rng.uniform(size=counts.sum()) * np.repeat(
        lengths, counts
    )
    return np.sort(times)


def thinned_arrivals_s(
    rate_per_s: Callable[[np.ndarray], np.ndarray],
    most_per_s: float,
    duration_s: float,
    *,
    seed: Seed = 0,
) -> np.ndarray:
    """Poisson arrivals whose rate is any function of time, by thinning.

    Arrivals at the highest rate are kept with probability λ(t)/λ_max.

    Parameters
    ----------
    rate_per_s : function
        λ(t): takes times of shape (n,) [s], returns rates of shape (n,) [1/s].
    most_per_s : float
        λ_max, which the rate never exceeds [1/s].
    duration_s : float
        [s]
    seed : int or numpy.random.Generator

    Returns
    -------
    array of shape (n,)
        Sorted, in [0, duration) [s].

    Raises
    ------
    ValueError
        When the rate is negative or above `most_per_s` somewhere.

    Notes
    -----
    Source: Lewis and Shedler (1979), Naval Research Logistics Quarterly 26.

    Examples
    --------
    >>> ramp = thinned_arrivals_s(lambda t: t / 100, 1.0, 100.0, seed=1)
    >>> bool(np.median(ramp) > 60)
    True
    """
    rng = np.random.default_rng(seed)
    times = poisson_arrivals_s(most_per_s, duration_s, seed=rng)
    rates = np.asarray(rate_per_s(times), dtype=float)
    if rates.shape != times.shape or not ((rates >= 0) & (rates <= most_per_s * (1 + 1e-9))).all():
        raise ValueError(
            f"rate_per_s must give, for times of shape {times.shape}, as many rates between 0 and "
            f"most_per_s = {most_per_s!r}"
        )
    return times[rng.uniform(size=times.size) * most_per_s < rates]


def diurnal_factor(time_s: Any, *, peak_to_mean: float, peak_h: float) -> Any:
    """Rate over its daily mean, ``1 + (p − 1)·cos(2π·(t − peak)/24 h)``.

    Parameters
    ----------
    time_s : float or array of shape (...,)
        Since midnight of the first day [s].
    peak_to_mean : float
        p, between 1 (no rhythm) and 2 (nobody at night) [1].
    peak_h : float
        Hour of the peak [h].

    Returns
    -------
    float or array of shape (...,)
        [1]

    Raises
    ------
    ValueError
        When p is not between 1 and 2 or the hour not between 0 and 24.

    Examples
    --------
    >>> diurnal_factor(15 * 3600.0, peak_to_mean=1.6, peak_h=15.0)
    1.6
    """
    if not 1 <= peak_to_mean <= 2:
        raise ValueError(f"peak_to_mean = {peak_to_mean!r}: must be between 1 and 2")
    if not 0 <= peak_h <= 24:
        raise ValueError(f"peak_h = {peak_h!r}: must be an hour between 0 and 24")
    angle = 2 * np.pi * (np.asarray(time_s, dtype=float) - peak_h * HOUR_S) / DAY_S
    factor = 1 + (peak_to_mean - 1) * np.cos(angle)
    return float(factor) if factor.ndim == 0 else factor


def diurnal_arrivals_s(
    rate_per_s: float,
    duration_s: float,
    *,
    peak_to_mean: float = 1.5,
    peak_h: float = 15.0,
    seed: Seed = 0,
) -> np.ndarray:
    """Arrivals with the rhythm of a day: `thinned_arrivals_s` with `diurnal_factor`.

    Parameters
    ----------
    rate_per_s : float
        Mean over whole days [1/s].
    duration_s : float
        From midnight on [s].
    peak_to_mean, peak_h
        As in `diurnal_factor`.
    seed : int or numpy.random.Generator

    Returns
    -------
    array of shape (n,)
        Sorted, in [0, duration) [s].

    Examples
    --------
    >>> hours = diurnal_arrivals_s(0.1, 10 * 86_400.0, peak_h=20.0, seed=1) / 3600 % 24
    >>> day, night = (np.abs((hours - h + 12) % 24 - 12) < 1 for h in (20, 8))
    >>> round(float(day.sum() / night.sum()), 1)
    2.9
    """
    positive("rate_per_s", rate_per_s)
    return thinned_arrivals_s(
        lambda t: rate_per_s * diurnal_factor(t, peak_to_mean=peak_to_mean, peak_h=peak_h),
        rate_per_s * peak_to_mean, duration_s, seed=seed,
    )  # fmt: skip
