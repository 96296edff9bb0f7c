# /// mutant
# cell = "my_plan"
# loses = ["test_my_plan"]
# misconception = "what happens if all goes to plan is what can be promised"
# message = "a forecast is no promise"
# ///
my_plan = {
    "power_w": 0.3 * case.power_w,
    "power": "onsite-gas",
    "crash_usd": 0.0,
    "rate": case.rate,
    "take_or_pay_share": 0.4,
    "years": case.years,
    "promise_usd": -0.1656 * case.capex_usd,
}
