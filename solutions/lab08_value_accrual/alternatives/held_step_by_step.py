# /// alternative
# cell = "held_usd"
# why = "walks through the steps, layer by layer"
# ///
import math


def held_usd(profit_usd_per_year, step_years, discount_rate, horizon_years):
    values = []
    for row in profit_usd_per_year:
        value, left = 0.0, horizon_years
        for i, usd in enumerate(row):
            part = min(step_years, left)
            if part <= 0:
                break
            value += float(usd) * part * math.exp(-discount_rate * step_years * i)
            left -= step_years
        values.append(value)
    return values
