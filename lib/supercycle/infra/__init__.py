"""Floor 3, infrastructure: campus cost, time to compute, reliability, networks, memory, sites."""

from supercycle.infra.capex import (
    GROUPS,
    OPTIONS,
    CampusCapex,
    CapexItem,
    Rung,
    campus_capex,
    capex_items,
    capex_ladder_usd_per_gw,
    gpus_per_gw,
    scale_cost_ratio,
    site_cost_usd,
)
from supercycle.infra.delay import REGIMES, delay_cost_usd, delay_usd_per_month
from supercycle.infra.tco import (
    TCO,
    break_even_revenue_usd_per_year,
    campus_npv_usd,
    campus_tco,
    cost_usd_per_gpu_hour,
    energy_price_for_share_usd_per_mwh,
    present_years,
)

__all__ = [
    "GROUPS", "OPTIONS", "REGIMES", "TCO", "CampusCapex", "CapexItem", "Rung",
    "break_even_revenue_usd_per_year", "campus_capex", "campus_npv_usd", "campus_tco",
    "capex_items", "capex_ladder_usd_per_gw", "cost_usd_per_gpu_hour", "delay_cost_usd",
    "delay_usd_per_month", "energy_price_for_share_usd_per_mwh", "gpus_per_gw", "present_years",
    "scale_cost_ratio", "site_cost_usd",
]  # fmt: skip
