# /// mutant
# cell = "recognised_usd"
# loses = ["test_recognised_usd"]
# misconception = "days are added up instead of integrating"
# message = "highest: integrate"
# ///
def recognised_usd(arr0, arr1):
    if arr0 <= 0 or arr1 <= 0:
        raise ValueError("both rates must be positive")
    growth = arr1 / arr0
    return sum(arr0 * growth ** (day / 365) / 365 for day in range(1, 366))
