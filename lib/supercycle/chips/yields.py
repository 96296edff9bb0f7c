"""Yield: which share of dies works, and what a good one costs.

All models share one number, the expected defects on a die (area × defect density), and differ in
how defects cluster. Clustered defects ruin fewer dies, so at equal density the random (Poisson)
model is the pessimist.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive, share
from supercycle.chips.wafers import WAFER_MM, dies_per_wafer

__all__ = ["YIELD_MODELS", "cost_usd_per_good_die", "harvest_share", "usable_share", "yield_share"]

YIELD_MODELS = ("poisson", "murphy", "seeds", "negative-binomial")


def yield_share(
    die_area_mm2: Any,
    defects_per_cm2: Any,
    *,
    model: str = "negative-binomial",
    clustering: Any = 3.0,
) -> Any:
    """Share of dies without a killing defect.

    With λ = area · density, the expected defects on a die:

    * ``poisson``: ``exp(−λ)``, defects fall independently;
    * ``murphy``: ``((1 − exp(−λ))/λ)²``, density varies in a triangle;
    * ``seeds``: ``exp(−√λ)``;
    * ``negative-binomial``: ``(1 + λ/α)^−α``, α small where defects cluster, Poisson as α → ∞.

    Parameters
    ----------
    die_area_mm2 : float or array of shape (...,)
        [mm²]
    defects_per_cm2 : float or array of shape (...,)
        Killing defects [1/cm²]; mind the unit: dies are in mm².
    model : str
        One of `YIELD_MODELS`.
    clustering : float or array
        α of the negative binomial [1].

    Returns
    -------
    float or array of shape (...,)
        Between 0 and 1.

    Notes
    -----
    Random defects only: systematic and parametric losses come on top, and redundancy (`usable_share`)
    wins dies back.

    Sources: Murphy (1964), Proc. IEEE 52; Seeds (1967), IEEE Int. Electron Devices Meeting; Stapper,
    Armstrong and Saji (1983), Proc. IEEE 71.

    Examples
    --------
    >>> [round(yield_share(814, 0.1, model=m), 3) for m in YIELD_MODELS]
    [0.443, 0.468, 0.406, 0.487]
    """
    non_negative("die_area_mm2", die_area_mm2)
    non_negative("defects_per_cm2", defects_per_cm2)
    positive("clustering", clustering)
    defects = np.asarray(die_area_mm2, dtype=float) / 100 * np.asarray(defects_per_cm2, dtype=float)
    alpha = np.asarray(clustering, dtype=float)
    if model == "poisson":
        good = np.exp(-defects)
    elif model == "murphy":
        with np.errstate(invalid="ignore"):
            good = np.where(defects == 0, 1.0, (-np.expm1(-defects) / defects) ** 2)
    elif model == "seeds":
        good = np.exp(-np.sqrt(defects))
    elif model == "negative-binomial":
        with np.errstate(invalid="ignore"):
            clustered = np.exp(-alpha * np.log1p(defects / alpha))
            good = np.where(np.isinf(alpha), np.exp(-defects), clustered)
    else:
        raise ValueError(f"model = {model!r}: must be one of {', '.join(YIELD_MODELS)}")
    return float(good) if np.ndim(good) == 0 else good


def usable_share(core_yield: Any, *, cores: int, needed: int) -> Any:
    """Share of dies with at least `needed` of `cores` equal cores working: what selling cut-down parts wins.

    ``Σ_{k ≥ needed} C(cores, k) y^k (1 − y)^(cores − k)``, cores failing independently.

    Examples
    --------
    >>> round(usable_share(0.995, cores=144, needed=132), 4), round(usable_share(0.995, cores=144, needed=144), 2)
    (1.0, 0.49)
    """
    from scipy.stats import binom

    share("core_yield", core_yield)
    if not (isinstance(cores, int) and isinstance(needed, int) and 1 <= needed <= cores):
        raise ValueError(f"needed = {needed}: must be a whole number between 1 and cores = {cores}")
    works = binom.sf(needed - 1, cores, core_yield)
    return float(works) if np.ndim(works) == 0 else works


def harvest_share(
    die_area_mm2: Any,
    defects_per_cm2: Any,
    *,
    repairable: float,
    cores: int,
    needed: int,
    model: str = "negative-binomial",
    clustering: float = 3.0,
) -> Any:
    """Share of dies that can be sold when some of their cores may be dead.

    The part of the die that nothing repairs must be free of defects, and enough of the equal cores
    on the rest: ``yield((1 − ρ)·area) · usable(yield(ρ·area / cores))``.

    Parameters
    ----------
    die_area_mm2 : float or array of shape (...,)
        [mm²]
    defects_per_cm2 : float or array of shape (...,)
        [1/cm²]
    repairable : float
        ρ, the share of the area that cores or other spare parts fill [1].
    cores, needed : int
        Cores on the die, and how many a part that is sold needs.
    model, clustering
        As in `yield_share`.

    Returns
    -------
    float or array of shape (...,)
        Between `yield_share` (everything must work) and 1, for independent defects.

    Raises
    ------
    ValueError
        When an argument is out of range.

    Notes
    -----
    Defects are taken as independent between cores and the rest, which clustered ones are not:
    spread over cores, they look rarer together than they are.

    Examples
    --------
    An 814 mm² die at 0.1 defects per cm², sold with 132 of its 144 cores:

    >>> round(harvest_share(814, 0.1, repairable=0.7, cores=144, needed=132), 2)
    0.79
    """
    share("repairable", repairable)
    fixed = yield_share(
        np.multiply(1 - repairable, die_area_mm2), defects_per_cm2,
        model=model, clustering=clustering,
    )  # fmt: skip
    core = yield_share(
        np.multiply(repairable, die_area_mm2) / cores, defects_per_cm2,
        model=model, clustering=clustering,
    )  # fmt: skip
    return fixed * usable_share(core, cores=cores, needed=needed)


def cost_usd_per_good_die(
    wafer_usd: Any,
    die_area_mm2: Any,
    defects_per_cm2: Any,
    *,
    model: str = "negative-binomial",
    clustering: Any = 3.0,
    wafer_mm: float = WAFER_MM,
    edge_mm: float = 3.0,
) -> Any:
    """Wafer price over good dies [USD].

    Parameters
    ----------
    wafer_usd : float or array of shape (...,)
        Price of a processed wafer [USD].
    die_area_mm2, defects_per_cm2, model, clustering
        As in `yield_share`.
    wafer_mm, edge_mm : float
        As in `dies_per_wafer`.

    Returns
    -------
    float or array of shape (...,)
        Silicon only: memory, package and test are in `chips.package_cost`. Dies with dead cores that
        are sold all the same (`harvest_share`) make it cheaper.

    Raises
    ------
    ValueError
        When no die fits on the wafer.

    Examples
    --------
    >>> round(cost_usd_per_good_die(17_000, 814, 0.1))
    509
    """
    non_negative("wafer_usd", wafer_usd)
    good = dies_per_wafer(die_area_mm2, wafer_mm=wafer_mm, edge_mm=edge_mm) * yield_share(
        die_area_mm2, defects_per_cm2, model=model, clustering=clustering
    )
    if (np.asarray(good) <= 0).any():
        raise ValueError(
            f"die_area_mm2 = {die_area_mm2!r}: must be small enough for a wafer of {wafer_mm:g} mm"
        )
    cost = np.asarray(wafer_usd, dtype=float) / good
    return float(cost) if cost.ndim == 0 else cost
