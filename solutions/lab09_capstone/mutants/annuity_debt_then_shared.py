# /// mutant
# cell = "annuity_usd_per_year"
# loses = ["test_annuity_usd_per_year"]
# misconception = "the debt grows for all years and is shared out at the end"
# message = "a longer life, lower payments"
# ///
def annuity_usd_per_year(capital_usd, rate, years):
    return capital_usd * (1 + rate) ** years / years
