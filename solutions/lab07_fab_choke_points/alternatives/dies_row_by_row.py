# /// alternative
# cell = "dies_per_wafer_count"
# why = "how many fit on the shorter chord of each row, in plain Python"
# ///
import math


def dies_per_wafer_count(width_mm, height_mm, wafer_mm=300.0, edge_mm=3.0):
    radius = wafer_mm / 2 - edge_mm

    def row(reach, centred):
        if reach > radius:
            return 0
        fits = math.sqrt(radius**2 - reach**2) / width_mm
        if centred:
            return 2 * math.floor(fits - 0.5) + 1 if fits >= 0.5 else 0
        return 2 * math.floor(fits)

    best = 0
    for centred in (False, True):
        k, lines = 1, 0
        while k * height_mm <= radius:  # a grid line through the centre: rows come in pairs
            lines += 2 * row(k * height_mm, centred)
            k += 1
        k, middles = 1, row(height_mm / 2, centred)
        while (k + 0.5) * height_mm <= radius:  # a row in the middle, then pairs
            middles += 2 * row((k + 0.5) * height_mm, centred)
            k += 1
        best = max(best, lines, middles)
    return best
