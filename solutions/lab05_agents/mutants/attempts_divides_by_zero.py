# /// mutant
# cell = "expected_attempts"
# loses = ["test_expected_attempts"]
# misconception = "no success and a cap is an error, too"
# message = "one that never succeeds, four rounds allowed"
# ///
def expected_attempts(success_share, cap=math.inf):
    if success_share == 0:
        if math.isinf(cap):
            raise ValueError("the rounds never end")
        return 0.0
    return (1 - (1 - success_share) ** cap) / success_share
