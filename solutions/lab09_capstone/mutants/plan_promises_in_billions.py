# /// mutant
# cell = "my_plan"
# loses = ["test_my_plan"]
# misconception = "the promise is in billions"
# message = "in dollars, not in billions"
# ///
my_plan = {
    "power_w": 0.3 * case.power_w,
    "power": "onsite-gas",
    "crash_usd": 0.0,
    "rate": case.rate,
    "take_or_pay_share": 0.4,
    "years": case.years,
    "promise_usd": -0.188 * case.capex_usd / 1e9,
}
