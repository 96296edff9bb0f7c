# /// mutant
# cell = "recognised_usd"
# loses = ["test_recognised_usd"]
# misconception = "annualised revenue is the year's revenue"
# message = "that is the exit rate"
# ///
def recognised_usd(arr0, arr1):
    if arr0 <= 0 or arr1 <= 0:
        raise ValueError("both rates must be positive")
    return arr1
