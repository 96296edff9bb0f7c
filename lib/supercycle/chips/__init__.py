"""Floor 2, chips: what an accelerator can do, what it costs to make, and who can stop it."""

from supercycle.chips.accelerators import DTYPES, Accelerator, accelerator, accelerators
from supercycle.chips.allocation import (
    Bargain,
    Customer,
    allocate_wafers,
    bargain,
    best_customers,
    kinds_of_chips_count,
)
from supercycle.chips.choke import choke_points, concentration, hhi, without
from supercycle.chips.design_cycle import (
    cycle_years,
    fleet_growth_over_cycle,
    frontier_share,
    shorter_cycle_usd_per_year,
)
from supercycle.chips.disruption import Disruption, choke_odds, disrupt
from supercycle.chips.expansion import Expansion, expand, gw_lost_without
from supercycle.chips.package import Package, PackageCost, package, package_cost
from supercycle.chips.supply import MEASURES, Plan, Product, Stage, SupplyNetwork, network, plan
from supercycle.chips.wafers import WAFER_MM, dies_per_wafer, place_dies
from supercycle.chips.yields import (
    YIELD_MODELS,
    cost_usd_per_good_die,
    harvest_share,
    usable_share,
    yield_share,
)

__all__ = [
    "DTYPES", "MEASURES", "WAFER_MM", "YIELD_MODELS", "Accelerator", "Bargain", "Customer",
    "Disruption", "Expansion", "Package", "PackageCost", "Plan", "Product", "Stage",
    "SupplyNetwork", "accelerator", "accelerators", "allocate_wafers", "bargain", "best_customers",
    "choke_odds", "choke_points", "concentration", "cost_usd_per_good_die", "cycle_years",
    "dies_per_wafer", "disrupt", "expand", "fleet_growth_over_cycle", "frontier_share",
    "gw_lost_without", "harvest_share", "hhi", "kinds_of_chips_count", "network", "package",
    "package_cost", "place_dies", "plan", "shorter_cycle_usd_per_year", "usable_share", "without",
    "yield_share",
]  # fmt: skip
