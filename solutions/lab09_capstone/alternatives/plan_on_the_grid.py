# /// alternative
# cell = "my_plan"
# why = "all of the site on the grid, most of it sold ahead, time bought"
# ///
my_plan = dict(
    power_w=case.power_w,
    power="grid",
    crash_usd=5e8,
    rate=case.rate,
    take_or_pay_share=0.8,
    years=case.years,
    promise_usd=-0.672 * case.capex_usd,
)
