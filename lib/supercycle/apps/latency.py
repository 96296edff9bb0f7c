"""Latency is money: how much revenue a slice of waiting costs, and what it may pay for.

A *semi-elasticity* says by how many per cent usage moves per second of delay. It needs a
threshold below which nobody notices, and a baseline from which one counts (lecture, 32:46).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive

__all__ = [
    "LatencyResponse",
    "demand_factor",
    "fit_semi_elasticity",
    "latency_value_usd_per_year",
]


def demand_factor(
    latency_s: Any, *, baseline_s: Any, semi_elasticity_per_s: Any, threshold_s: Any = 0.0
) -> Any:
    """Demand at a latency over demand at the baseline.

    ``exp(−σ · (max(t, θ) − max(t₀, θ)))``: below the threshold θ nothing moves.

    Parameters
    ----------
    latency_s, baseline_s : float or array of shape (...,)
        Latency now, and the latency at which demand was observed [s].
    semi_elasticity_per_s : float or array of shape (...,)
        σ, the relative loss of demand per second; 0.015 is 1.5 % per second [1/s].
    threshold_s : float or array of shape (...,)
        θ, latency below which nobody notices a difference [s].

    Returns
    -------
    float or array of shape (...,)
        1 at the baseline, above 1 when faster [1].

    Raises
    ------
    ValueError
        When an argument is negative or NaN.

    Notes
    -----
    A local fit. The experiments behind it moved a web search by 50 to 400 ms for some weeks; a
    chat that thinks for minutes, or a tool that never came back, lies outside.

    Examples
    --------
    >>> round(float(demand_factor(0.8, baseline_s=0.4, semi_elasticity_per_s=0.015)), 4)
    0.994
    """
    non_negative("latency_s", latency_s)
    non_negative("baseline_s", baseline_s)
    non_negative("semi_elasticity_per_s", semi_elasticity_per_s)
    non_negative("threshold_s", threshold_s)
    noticed = np.maximum(latency_s, threshold_s) - np.maximum(baseline_s, threshold_s)
    return np.exp(-semi_elasticity_per_s * noticed)


def latency_value_usd_per_year(
    revenue_usd_per_year: Any,
    latency_s: Any,
    *,
    baseline_s: Any,
    semi_elasticity_per_s: Any,
    threshold_s: Any = 0.0,
    margin_share: Any = 1.0,
) -> Any:
    """What moving from the baseline to another latency is worth in a year.

    ``revenue × margin × (demand_factor − 1)``. It is also the most one should pay a year for the
    capacity that brings the latency down.

    Parameters
    ----------
    revenue_usd_per_year : float or array of shape (...,)
        Revenue at the baseline latency [USD/yr].
    latency_s, baseline_s, semi_elasticity_per_s, threshold_s
        As in `demand_factor`.
    margin_share : float or array of shape (...,)
        Share of the extra revenue that is left after serving it; 1 counts revenue [1].

    Returns
    -------
    float or array of shape (...,)
        Value [USD/yr]; negative when slower; zero below the threshold.

    Raises
    ------
    ValueError
        When an argument is negative or NaN.

    Examples
    --------
    >>> round(float(latency_value_usd_per_year(
    ...     20e9, 0.36, baseline_s=0.40, semi_elasticity_per_s=0.015)) / 1e6, 1)
    12.0
    """
    non_negative("revenue_usd_per_year", revenue_usd_per_year)
    non_negative("margin_share", margin_share)
    factor = demand_factor(
        latency_s,
        baseline_s=baseline_s,
        semi_elasticity_per_s=semi_elasticity_per_s,
        threshold_s=threshold_s,
    )
    return revenue_usd_per_year * margin_share * (factor - 1)


@dataclass(frozen=True)
class LatencyResponse:
    """A fitted response of usage to added delay.

    Attributes
    ----------
    semi_elasticity_per_s : float
        Relative loss per second beyond the threshold [1/s].
    threshold_s : float
        Added delay below which nothing is lost [s].
    residual_rms : float
        Root mean square of the residuals of ln(usage) [1].
    """

    semi_elasticity_per_s: float
    threshold_s: float
    residual_rms: float


def fit_semi_elasticity(added_delay_s: Any, usage_change: Any) -> LatencyResponse:
    """Fit semi-elasticity and threshold to an experiment with added delays.

    Least squares on ``ln(1 + change) = −σ · max(0, delay − θ)`` over a grid of thresholds; for
    each threshold the slope has a closed form.

    Parameters
    ----------
    added_delay_s : array of shape (points,)
        Delay added to the control group's latency [s].
    usage_change : array of shape (points,)
        Relative change of usage; −0.006 is a loss of 0.6 % [1].

    Returns
    -------
    LatencyResponse

    Raises
    ------
    ValueError
        With fewer than 3 points or 2 different delays, series of different length, or a loss of
        100 % or more.

    Notes
    -----
    The control's own latency is not in the data, so the threshold is one of *added* delay.

    Source of the test data: Brutlag (2009), Speed Matters for Google Web Search, Table 1.

    Examples
    --------
    >>> fit = fit_semi_elasticity([0.05, 0.1, 0.2, 0.4], [0.0, -0.0020, -0.0029, -0.0059])
    >>> round(fit.semi_elasticity_per_s, 4)
    0.0156
    """
    delay = np.asarray(added_delay_s, dtype=float)
    change = np.asarray(usage_change, dtype=float)
    if delay.ndim != 1 or delay.shape != change.shape or len(delay) < 3:
        raise ValueError(
            f"added_delay_s has shape {delay.shape} and usage_change {change.shape}: "
            "must be two series of the same length of at least 3"
        )
    non_negative("added_delay_s", delay)
    positive("1 + usage_change", 1 + change)
    distinct = np.unique(delay)
    if len(distinct) < 2:
        raise ValueError(
            f"added_delay_s = {added_delay_s!r}: must hold at least two different delays"
        )
    lost = -np.log1p(change)
    thresholds = np.linspace(0.0, distinct[-2], 2001)
    excess = np.maximum(0.0, delay - thresholds[:, None])
    slopes = np.maximum(0.0, excess @ lost / (excess**2).sum(axis=1))
    squares = ((slopes[:, None] * excess - lost) ** 2).sum(axis=1)
    best = int(np.argmin(squares))
    return LatencyResponse(
        float(slopes[best]), float(thresholds[best]), float(np.sqrt(squares[best] / len(delay)))
    )
