# /// mutant
# cell = "edge_break_even_ttft_s"
# loses = ["test_edge_break_even_ttft_s"]
# misconception = "a power is undone by the same power"
# message = "impatient users make it pay"
# ///
import math


def edge_break_even_ttft_s(saved_s, extra_cost_share, elasticity):
    if extra_cost_share == 0:
        return math.inf
    return saved_s / (1 - (1 + extra_cost_share) ** (-elasticity))
