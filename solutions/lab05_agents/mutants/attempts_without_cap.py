# /// mutant
# cell = "expected_attempts"
# loses = ["test_expected_attempts"]
# misconception = "the cap changes nothing"
# message = "with a cap of one there is one round"
# ///
def expected_attempts(success_share, cap=math.inf):
    if success_share == 0:
        if math.isinf(cap):
            raise ValueError("the rounds never end")
        return float(cap)
    return 1 / success_share
