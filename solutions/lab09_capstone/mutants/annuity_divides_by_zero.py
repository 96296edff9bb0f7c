# /// mutant
# cell = "annuity_usd_per_year"
# loses = ["test_annuity_usd_per_year"]
# misconception = "money always costs something"
# message = "its limit does not"
# ///
def annuity_usd_per_year(capital_usd, rate, years):
    return capital_usd * rate / (1 - (1 + rate) ** -years)
