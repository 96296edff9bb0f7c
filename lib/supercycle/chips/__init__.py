"""Floor 2, chips: what an accelerator can do, what it costs to make, and who can stop it."""

from supercycle.chips.accelerators import DTYPES, Accelerator, accelerator, accelerators
from supercycle.chips.wafers import WAFER_MM, dies_per_wafer, place_dies
from supercycle.chips.yields import (
    YIELD_MODELS,
    cost_usd_per_good_die,
    usable_share,
    yield_share,
)

__all__ = [
    "DTYPES", "WAFER_MM", "YIELD_MODELS", "Accelerator", "accelerator", "accelerators",
    "cost_usd_per_good_die", "dies_per_wafer", "place_dies", "usable_share", "yield_share",
]  # fmt: skip
