# /// mutant
# cell = "amdahl_speedup"
# loses = ["test_amdahl_speedup"]
# misconception = "speeds add up like times"
# message = "times add up, speeds do not"
# ///
def amdahl_speedup(share, factor):
    return (1 - share) + share * factor
