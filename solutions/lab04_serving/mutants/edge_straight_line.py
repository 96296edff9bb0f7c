# /// mutant
# cell = "edge_break_even_ttft_s"
# loses = ["test_edge_break_even_ttft_s"]
# misconception = "one per cent more waiting, however much more"
# message = "solve the power law"
# ///
import math


def edge_break_even_ttft_s(saved_s, extra_cost_share, elasticity):
    if extra_cost_share == 0:
        return math.inf
    return elasticity * saved_s / extra_cost_share
