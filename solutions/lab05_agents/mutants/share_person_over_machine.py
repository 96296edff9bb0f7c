# /// mutant
# cell = "human_share"
# loses = ["test_human_share"]
# misconception = "the person over the machine"
# message = "a share is of the whole"
# ///
def human_share(ai_s, human_s):
    if ai_s + human_s == 0:
        raise ValueError("no time at all")
    return human_s / ai_s if ai_s else 1.0
