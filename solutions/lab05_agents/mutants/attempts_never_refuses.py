# /// mutant
# cell = "expected_attempts"
# loses = ["test_expected_attempts"]
# misconception = "what never ends takes infinitely long"
# message = "rounds that never end should raise"
# ///
def expected_attempts(success_share, cap=math.inf):
    if success_share == 0:
        return float(cap)
    return (1 - (1 - success_share) ** cap) / success_share
