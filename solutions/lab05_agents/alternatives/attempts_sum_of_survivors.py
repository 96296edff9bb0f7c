# /// alternative
# cell = "expected_attempts"
# why = "adds up the probability that each round is made"
# ///
def expected_attempts(success_share, cap=math.inf):
    if math.isinf(cap):
        if success_share == 0:
            raise ValueError("no success and no cap")
        return 1 / success_share
    return float(np.sum((1 - success_share) ** np.arange(cap)))
