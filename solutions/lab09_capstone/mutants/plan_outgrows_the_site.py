# /// mutant
# cell = "my_plan"
# loses = ["test_my_plan"]
# misconception = "a plan may use more power than the site has"
# message = "implausibly too large"
# ///
my_plan = {
    "power_w": 1.3 * case.power_w,
    "power": "onsite-gas",
    "crash_usd": 0.0,
    "rate": case.rate,
    "take_or_pay_share": 0.4,
    "years": case.years,
    "promise_usd": -0.8 * case.capex_usd,
}
