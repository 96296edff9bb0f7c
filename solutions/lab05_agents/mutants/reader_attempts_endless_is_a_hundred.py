# /// mutant
# cell = "expected_attempts"
# loses = ["test_expected_attempts"]
# misconception = "a hundred rounds are as good as infinitely many"
# message = "the sum ends too early"
# ///
import math


def expected_attempts(success_share, cap=math.inf):
    if math.isinf(cap):
        if success_share == 0:
            raise ValueError("the rounds never end")
        cap = 100
    return sum((1 - success_share) ** failed for failed in range(int(cap)))
