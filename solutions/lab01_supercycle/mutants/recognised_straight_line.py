# /// mutant
# cell = "recognised_usd"
# loses = ["test_recognised_usd"]
# misconception = "growth is a straight line"
# message = "steady growth is exponential"
# ///
def recognised_usd(arr0, arr1):
    if arr0 <= 0 or arr1 <= 0:
        raise ValueError("both rates must be positive")
    return (arr0 + arr1) / 2
