# /// mutant
# cell = "annuity_usd_per_year"
# loses = ["test_annuity_usd_per_year"]
# misconception = "payments come at the start of each year"
# message = "at the end of each year"
# ///
def annuity_usd_per_year(capital_usd, rate, years):
    if rate == 0:
        return capital_usd / years
    return capital_usd * rate / (1 - (1 + rate) ** -years) / (1 + rate)
