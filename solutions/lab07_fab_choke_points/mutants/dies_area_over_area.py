# /// mutant
# cell = "dies_per_wafer_count"
# loses = ["test_dies_per_wafer_count"]
# misconception = "the wafer's area over the die's is the number of dies"
# message = "area over area"
# ///
import math


def dies_per_wafer_count(width_mm, height_mm, wafer_mm=300.0, edge_mm=3.0):
    radius = wafer_mm / 2 - edge_mm
    return int(math.pi * radius**2 / (width_mm * height_mm))
