# /// alternative
# cell = "edge_break_even_ttft_s"
# why = "with expm1 and log1p"
# ///
import math


def edge_break_even_ttft_s(saved_s, extra_cost_share, elasticity):
    part = -math.expm1(-math.log1p(extra_cost_share) / elasticity)
    return saved_s / part if part > 0 else math.inf
