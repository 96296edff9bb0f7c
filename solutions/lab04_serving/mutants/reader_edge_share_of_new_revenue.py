# /// mutant
# cell = "edge_break_even_ttft_s"
# loses = ["test_edge_break_even_ttft_s"]
# misconception = "the extra cost is taken as a share of the revenue after the saving"
# message = "revenue has to rise to 1 + c"
# ///
import math


def edge_break_even_ttft_s(saved_s, extra_cost_share, elasticity):
    if extra_cost_share == 0:
        return math.inf
    return saved_s / (1 - (1 - extra_cost_share) ** (1 / elasticity))
