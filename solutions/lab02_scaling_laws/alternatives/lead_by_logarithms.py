# /// alternative
# cell = "lead_loss_nats"
# why = "logarithms of growth"
# ///
import math


def lead_loss_nats(best_loss, flop, months, growth_per_year, distilled=0.0):
    behind = math.exp(math.log(flop) - months * math.log(growth_per_year) / 12)
    gap = best_loss(behind) - best_loss(flop)
    return gap - distilled * gap
