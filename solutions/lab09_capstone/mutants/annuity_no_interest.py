# /// mutant
# cell = "annuity_usd_per_year"
# loses = ["test_annuity_usd_per_year"]
# misconception = "a capital is shared out over its years"
# message = "dearer money, higher payments"
# ///
def annuity_usd_per_year(capital_usd, rate, years):
    return capital_usd / years
