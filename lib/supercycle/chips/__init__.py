"""Floor 2, chips: what an accelerator can do, what it costs to make, and who can stop it."""

from supercycle.chips.accelerators import DTYPES, Accelerator, accelerator, accelerators
from supercycle.chips.choke import choke_points, concentration, hhi, without
from supercycle.chips.supply import MEASURES, Plan, Product, Stage, SupplyNetwork, network, plan
from supercycle.chips.wafers import WAFER_MM, dies_per_wafer, place_dies
from supercycle.chips.yields import (
    YIELD_MODELS,
    cost_usd_per_good_die,
    usable_share,
    yield_share,
)

__all__ = [
    "DTYPES", "MEASURES", "WAFER_MM", "YIELD_MODELS", "Accelerator", "Plan", "Product", "Stage",
    "SupplyNetwork", "accelerator", "accelerators", "choke_points", "concentration",
    "cost_usd_per_good_die", "dies_per_wafer", "hhi", "network", "place_dies", "plan",
    "usable_share", "without", "yield_share",
]  # fmt: skip
