# /// mutant
# cell = "expected_attempts"
# loses = ["test_expected_attempts"]
# misconception = "the mean of what is cut off is the smaller of mean and cap"
# message = "the mean of what is cut off"
# ///
def expected_attempts(success_share, cap=math.inf):
    if success_share == 0:
        if math.isinf(cap):
            raise ValueError("the rounds never end")
        return float(cap)
    return min(1 / success_share, cap)
