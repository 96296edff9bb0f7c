# /// alternative
# cell = "human_share"
# why = "one less the machine's share"
# ///
def human_share(ai_s, human_s):
    if ai_s + human_s == 0:
        raise ValueError("no time at all")
    return 1 - ai_s / (ai_s + human_s)
