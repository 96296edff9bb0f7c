# /// mutant
# cell = "amdahl_speedup"
# loses = ["test_amdahl_speedup"]
# misconception = "the share of time left is the speed-up"
# message = ""
# ///
def amdahl_speedup(share, factor):
    return (1 - share) + share / factor
