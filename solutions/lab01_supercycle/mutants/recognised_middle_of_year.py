# /// mutant
# cell = "recognised_usd"
# loses = ["test_recognised_usd"]
# misconception = "the rate in the middle of the year stands for the year"
# message = "the rate in the middle of the year"
# ///
def recognised_usd(arr0, arr1):
    if arr0 <= 0 or arr1 <= 0:
        raise ValueError("both rates must be positive")
    return (arr0 * arr1) ** 0.5
