# /// mutant
# cell = "annuity_usd_per_year"
# loses = ["test_annuity_usd_per_year"]
# misconception = "interest is due on the whole capital every year"
# message = "not on the whole capital for ever"
# ///
def annuity_usd_per_year(capital_usd, rate, years):
    return capital_usd / years + capital_usd * rate
