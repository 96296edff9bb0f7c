# /// mutant
# cell = "amdahl_speedup"
# loses = ["test_amdahl_speedup"]
# misconception = "share is the part that stays slow"
# message = "a part of no length changes nothing"
# ///
def amdahl_speedup(share, factor):
    return 1 / (share + (1 - share) / factor)
