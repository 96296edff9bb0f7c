# /// mutant
# cell = "human_share"
# loses = ["test_human_share"]
# misconception = "a machine that takes no time is an error"
# message = "refuse only if both are zero"
# ///
def human_share(ai_s, human_s):
    if ai_s <= 0:
        raise ValueError("the machine takes no time")
    return human_s / (ai_s + human_s)
