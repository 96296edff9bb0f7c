# /// mutant
# cell = "my_plan"
# loses = ["test_my_plan"]
# misconception = "a promise must hold whatever comes"
# message = "the committee learns nothing"
# ///
my_plan = {
    "power_w": 0.3 * case.power_w,
    "power": "onsite-gas",
    "crash_usd": 0.0,
    "rate": case.rate,
    "take_or_pay_share": 0.4,
    "years": case.years,
    "promise_usd": -0.4 * case.capex_usd,
}
