"""Valleys of equal compute: the optimum without a law, and the power law that joins its bottoms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle._validate import positive
from supercycle.models.scaling.laws import TRAIN_FLOP

__all__ = ["PowerLaw", "Valleys", "fit_power_law", "fit_valleys"]


@dataclass(frozen=True)
class PowerLaw:
    """``y = coefficient · x^exponent``."""

    coefficient: float
    exponent: float

    def __call__(self, x: Any) -> Any:
        """Value at x, which broadcasts."""
        return self.coefficient * np.asarray(x, dtype=float) ** self.exponent


def fit_power_law(x: Any, y: Any) -> PowerLaw:
    """Straight line through logarithms, by least squares.

    Parameters
    ----------
    x, y : array of shape (points,)
        Positive; at least two different x.

    Examples
    --------
    >>> law = fit_power_law([1e18, 1e19, 1e20], [1e8, 4e8, 16e8])
    >>> round(law.exponent, 3)  # log10 of 4
    0.602
    """
    positive("x", x)
    positive("y", y)
    log_x, log_y = np.log(np.asarray(x, dtype=float)), np.log(np.asarray(y, dtype=float))
    if log_x.ndim != 1 or log_x.shape != log_y.shape or len(np.unique(log_x)) < 2:
        raise ValueError(
            f"x and y of shapes {log_x.shape} and {log_y.shape}: must be equally long lists with "
            "at least two different x"
        )
    slope, height = np.polyfit(log_x, log_y, 1)
    return PowerLaw(float(np.exp(height)), float(slope))


@dataclass(frozen=True)
class Valleys:
    """Bottoms of iso-FLOP valleys.

    Attributes
    ----------
    flop, params, tokens, loss : array of shape (budgets,)
        Each budget and its best model [FLOP], [1], [token], [nat/token].
    params_law, tokens_law : PowerLaw
        N and D against C; the exponents a and b.
    """

    flop: np.ndarray
    params: np.ndarray
    tokens: np.ndarray
    loss: np.ndarray
    params_law: PowerLaw
    tokens_law: PowerLaw


def fit_valleys(flop: Any, params: Any, loss: Any) -> Valleys:
    """Fit a parabola in log N to the losses of each budget and join the bottoms.

    Parameters
    ----------
    flop : array of shape (points,)
        Budget of each run, ``6 N D``; runs of one valley have the same [FLOP].
    params, loss : array of shape (points,)
        [1], [nat/token].

    Returns
    -------
    Valleys

    Raises
    ------
    ValueError
        For fewer than two budgets, a budget with fewer than three sizes, or one whose losses have
        no bottom between its smallest and largest model: an optimum outside is a guess.

    Notes
    -----
    The exponent depends on which parameters are counted: the runs of `scaling-laws` rows
    ``nanochat-2026-…`` give 0.37, 0.54 or 0.70.

    Source: Hoffmann et al. (2022), arXiv:2203.15556, section 3.2.

    Examples
    --------
    >>> from supercycle.models.scaling import published
    >>> law = published("besiroglu-2024")
    >>> C, N = (x.ravel() for x in np.meshgrid([1e20, 1e21, 1e22], np.geomspace(3e8, 3e10, 9)))
    >>> keep = abs(np.log(N / law.optimal(C).params)) < 1.5
    >>> C, N = C[keep], N[keep]
    >>> valleys = fit_valleys(C, N, law.loss(N, C / (6 * N)))
    >>> round(valleys.params_law.exponent, 2), round(law.params_exponent, 2)
    (0.51, 0.51)
    """
    C, N, L = (np.asarray(x, dtype=float).ravel() for x in (flop, params, loss))
    for name, x in (("flop", C), ("params", N), ("loss", L)):
        positive(name, x)
    if not len(C) == len(N) == len(L):
        raise ValueError(f"flop, params and loss have {len(C)}, {len(N)} and {len(L)} points")
    budgets = np.unique(C)
    if len(budgets) < 2:
        raise ValueError(f"flop holds {len(budgets)} budgets: a power law needs at least 2")
    bottoms = np.array([_bottom(N[budget == C], L[budget == C], budget) for budget in budgets])
    best, least = bottoms[:, 0], bottoms[:, 1]
    tokens = budgets / (TRAIN_FLOP * best)
    return Valleys(
        flop=budgets,
        params=best,
        tokens=tokens,
        loss=least,
        params_law=fit_power_law(budgets, best),
        tokens_law=fit_power_law(budgets, tokens),
    )


def _bottom(params: np.ndarray, loss: np.ndarray, budget: float) -> tuple[float, float]:
    x = np.log(params)
    if len(np.unique(x)) < 3:
        raise ValueError(
            f"flop = {budget:g}: {len(np.unique(x))} sizes, a parabola needs at least 3"
        )
    middle = x.mean()
    bend, slope, height = np.polyfit(x - middle, loss, 2)
    at = -slope / (2 * bend) if bend > 0 else np.inf
    if not x.min() - middle <= at <= x.max() - middle:
        raise ValueError(
            f"flop = {budget:g}: the losses have no bottom between {params.min():g} and "
            f"{params.max():g} parameters; add smaller or larger models"
        )
    return float(np.exp(middle + at)), float(height - slope**2 / (4 * bend))
