# /// mutant
# cell = "stress_plan"
# loses = ["test_stress_plan"]
# misconception = "the customer takes a share of what runs, not of what was planned"
# message = "the contract takes a share of the planned power, not of what runs"
# ///
def stress_plan(plan, stress, market):
    grid = plan["power"] == "grid"
    chips_w = plan["power_w"] * stress["chips_share"]
    running_w = min(chips_w, stress["grid_cap_w"]) if grid else chips_w
    late = stress["late_months"] / 12 if grid else 0.0
    delta, gamma = math.log1p(plan["rate"]), -math.log1p(-market["decline_per_year"])
    begin = min(late, plan["years"])
    flat = discounted_years(delta, begin, plan["years"])
    falling = discounted_years(delta + gamma, begin, plan["years"])
    share, price = plan["take_or_pay_share"], market["revenue_usd_per_w_year"]
    per_w = share * price * (1 - market["contract_discount"]) * flat
    per_w += (1 - share) * price * stress["price_ratio"] * falling
    per_w -= market["opex_usd_per_w_year"] * flat
    then = running_w * per_w - chips_w * market["chips_usd_per_w"]
    site = (market["site_usd_per_w"] + market["gas_usd_per_w"] * (not grid)) * plan["power_w"]
    worth = then * math.exp(-delta * plan["start_months"] / 12) - site - plan["crash_usd"]
    return {
        "start_months": plan["start_months"] + 12 * late,
        "running_w": running_w,
        "npv_usd": float(worth),
    }
