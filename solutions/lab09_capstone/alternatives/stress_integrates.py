# /// alternative
# cell = "stress_plan"
# why = "a sum over short steps of time by quadrature nodes"
# ///
def stress_plan(plan, stress, market):
    own = plan["power"] == "onsite-gas"
    late = 0.0 if own else stress["late_months"]
    running = stress["chips_share"] * plan["power_w"]
    if not own and stress["grid_cap_w"] < running:
        running = stress["grid_cap_w"]
    told = min(running, plan["take_or_pay_share"] * plan["power_w"])
    nodes, weights = np.polynomial.legendre.leggauss(30)
    start, end = late / 12, plan["years"]
    worth = 0.0
    if start < end:
        age = start + (end - start) * (nodes + 1) / 2
        spot = stress["price_ratio"] * (1 - market["decline_per_year"]) ** age
        price = market["revenue_usd_per_w_year"]
        sales = price * (told * (1 - market["contract_discount"]) + (running - told) * spot)
        flow = (sales - market["opex_usd_per_w_year"] * running) * (1 + plan["rate"]) ** -age
        worth = float((weights * flow).sum() * (end - start) / 2)
    worth -= market["chips_usd_per_w"] * stress["chips_share"] * plan["power_w"]
    worth *= (1 + plan["rate"]) ** (-plan["start_months"] / 12)
    site = market["site_usd_per_w"] + market["gas_usd_per_w"] * own
    worth -= site * plan["power_w"] + plan["crash_usd"]
    return {"npv_usd": worth, "running_w": running, "start_months": late + plan["start_months"]}
