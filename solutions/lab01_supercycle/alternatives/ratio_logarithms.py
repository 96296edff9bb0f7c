# /// alternative
# cell = "revenue_ratio"
# why = "price times quantity, through logarithms"
# ///
import numpy as np


def revenue_ratio(price_ratio, elasticity):
    log_price = np.log(price_ratio)
    log_quantity = -np.asarray(elasticity) * log_price
    return np.exp(log_price + log_quantity)
