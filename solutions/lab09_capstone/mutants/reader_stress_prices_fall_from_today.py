# /// mutant
# cell = "stress_plan"
# loses = ["test_stress_plan"]
# misconception = "prices fall from today on, as in the delay of part 4, not from the planned start"
# message = "the price falls from the planned start on, not from today"
# ///
def stress_plan(plan, stress, market):
    grid = plan["power"] == "grid"
    chips_w = plan["power_w"] * stress["chips_share"]
    running_w = min(chips_w, stress["grid_cap_w"]) if grid else chips_w
    contract_w = min(plan["take_or_pay_share"] * plan["power_w"], running_w)
    late = stress["late_months"] / 12 if grid else 0.0
    planned = plan["start_months"] / 12
    begin, end = planned + min(late, plan["years"]), planned + plan["years"]
    delta, gamma = math.log1p(plan["rate"]), -math.log1p(-market["decline_per_year"])
    flat = discounted_years(delta, begin, end)
    falling = discounted_years(delta + gamma, begin, end)
    price = market["revenue_usd_per_w_year"]
    worth = contract_w * price * (1 - market["contract_discount"]) * flat
    worth += (running_w - contract_w) * price * stress["price_ratio"] * falling
    worth -= running_w * market["opex_usd_per_w_year"] * flat
    worth -= chips_w * market["chips_usd_per_w"] * math.exp(-delta * planned)
    worth -= (market["site_usd_per_w"] + market["gas_usd_per_w"] * (not grid)) * plan["power_w"]
    return {
        "start_months": 12 * (planned + late),
        "running_w": running_w,
        "npv_usd": float(worth - plan["crash_usd"]),
    }
