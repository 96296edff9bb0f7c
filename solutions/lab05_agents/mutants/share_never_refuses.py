# /// mutant
# cell = "human_share"
# loses = ["test_human_share"]
# misconception = "nothing over nothing is nothing"
# message = "nobody takes any time should raise"
# ///
def human_share(ai_s, human_s):
    whole_s = ai_s + human_s
    return human_s / whole_s if whole_s else 0.0
