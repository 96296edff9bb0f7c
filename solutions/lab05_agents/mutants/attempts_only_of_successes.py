# /// mutant
# cell = "expected_attempts"
# loses = ["test_expected_attempts"]
# misconception = "agents that gave up made no rounds"
# message = "gave up at the cap were made, too"
# ///
def expected_attempts(success_share, cap=math.inf):
    if success_share == 0:
        if math.isinf(cap):
            raise ValueError("the rounds never end")
        return float(cap)
    mean = (1 - (1 - success_share) ** cap) / success_share
    if math.isinf(cap) or cap == 1:
        return mean
    failed = (1 - success_share) ** cap
    return (mean - cap * failed) / (1 - failed)
