"""Floor 1, energy: demand, grid, swings, supply mix."""

from supercycle.energy.delay import months_that_pay, power_premium_for_delay_usd_per_mwh
from supercycle.energy.facility import (
    GridShare,
    energy_mwh_per_year,
    facility_power_w,
    gpus_count,
    grid_share,
    it_power_w,
    power_for_everybody_w,
)
from supercycle.energy.lcoe import interest_while_building, lcoe_usd_per_mwh
from supercycle.energy.profiles import solar_share, wind_share
from supercycle.energy.smoothing import (
    Battery,
    Smoothing,
    battery_periodic,
    battery_step,
    burn_usd_per_year,
    smooth,
)
from supercycle.energy.supply import Supply, cheapest_supply
from supercycle.energy.swings import (
    TrainingJob,
    edge_ramp_w_per_s,
    job_power_w,
    max_ramp_w_per_s,
    swing_w,
)
from supercycle.energy.technologies import Technology, technologies
from supercycle.energy.throttling import (
    cooling_cap_w,
    speed_under_cap_share,
    sync_steps_hit_share,
    sync_throughput_share,
)

__all__ = [
    "Battery", "GridShare", "Smoothing", "Supply", "Technology", "TrainingJob", "battery_periodic",
    "battery_step", "burn_usd_per_year", "cheapest_supply", "cooling_cap_w", "edge_ramp_w_per_s",
    "energy_mwh_per_year", "facility_power_w", "gpus_count", "grid_share",
    "interest_while_building", "it_power_w",
    "job_power_w", "lcoe_usd_per_mwh", "max_ramp_w_per_s", "months_that_pay",
    "power_for_everybody_w", "power_premium_for_delay_usd_per_mwh", "smooth", "solar_share",
    "speed_under_cap_share", "swing_w", "sync_steps_hit_share", "sync_throughput_share",
    "technologies", "wind_share",
]  # fmt: skip
