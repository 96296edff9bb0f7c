# /// mutant
# cell = "stress_plan"
# loses = ["test_stress_plan"]
# misconception = "the money for time is not part of the plan"
# message = "crash budget is spent"
# ///
def stress_plan(plan, stress, market):
    grid = plan["power"] == "grid"
    chips_w = plan["power_w"] * stress["chips_share"]
    running_w = min(chips_w, stress["grid_cap_w"]) if grid else chips_w
    contract_w = min(plan["take_or_pay_share"] * plan["power_w"], running_w)
    late_months = stress["late_months"] if grid else 0.0
    begin, end = min(late_months / 12, plan["years"]), plan["years"]
    delta, gamma = math.log1p(plan["rate"]), -math.log1p(-market["decline_per_year"])
    flat, falling = (discounted_years(force, begin, end) for force in (delta, delta + gamma))
    contract_usd = contract_w * (1 - market["contract_discount"]) * flat
    spot_usd = max(running_w - contract_w, 0.0) * stress["price_ratio"] * falling
    then_usd = market["revenue_usd_per_w_year"] * (contract_usd + spot_usd)
    then_usd -= market["opex_usd_per_w_year"] * running_w * flat
    then_usd -= market["chips_usd_per_w"] * chips_w
    site_usd_per_w = market["site_usd_per_w"] + (0.0 if grid else market["gas_usd_per_w"])
    today_usd = site_usd_per_w * plan["power_w"]
    return {
        "start_months": plan["start_months"] + late_months,
        "running_w": running_w,
        "npv_usd": float(then_usd * math.exp(-delta * plan["start_months"] / 12) - today_usd),
    }
