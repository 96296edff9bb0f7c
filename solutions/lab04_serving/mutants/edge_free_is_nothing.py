# /// mutant
# cell = "edge_break_even_ttft_s"
# loses = ["test_edge_break_even_ttft_s"]
# misconception = "no cost, no threshold"
# message = "a free edge always pays"
# ///
def edge_break_even_ttft_s(saved_s, extra_cost_share, elasticity):
    if extra_cost_share == 0:
        return 0.0
    return saved_s / (1 - (1 + extra_cost_share) ** (-1 / elasticity))
