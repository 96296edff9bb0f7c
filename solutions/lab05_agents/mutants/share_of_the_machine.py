# /// mutant
# cell = "human_share"
# loses = ["test_human_share"]
# misconception = "the machine's share"
# message = "a person who takes no time"
# ///
def human_share(ai_s, human_s):
    if ai_s + human_s == 0:
        raise ValueError("no time at all")
    return ai_s / (ai_s + human_s)
