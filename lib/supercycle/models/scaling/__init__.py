"""Scaling laws: published and fitted, and what they say about spending a budget (S2)."""

from supercycle.models.scaling.fitting import FittedLaw, extrapolate, fit, huber_misfit
from supercycle.models.scaling.isoflop import PowerLaw, Valleys, fit_power_law, fit_valleys
from supercycle.models.scaling.laws import (
    SERVE_FLOP,
    TRAIN_FLOP,
    Optimum,
    ScalingLaw,
    published,
    published_names,
)
from supercycle.models.scaling.repeated import DataConstrainedLaw, published_data_constrained

__all__ = [
    "SERVE_FLOP", "TRAIN_FLOP", "DataConstrainedLaw", "FittedLaw", "Optimum", "PowerLaw",
    "ScalingLaw", "Valleys", "extrapolate", "fit", "fit_power_law", "fit_valleys", "huber_misfit", "published",
    "published_data_constrained", "published_names",
]  # fmt: skip
