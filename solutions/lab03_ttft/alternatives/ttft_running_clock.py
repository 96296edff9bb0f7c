# /// alternative
# cell = "ttft_s"
# why = "follows the clock through the request"
# ///
def ttft_s(other_s, reload_s, prefill_flop, flops_per_s, decode_s, overlapped=False):
    clock = 0.0
    for seconds in other_s.values():
        clock += seconds
    start = clock
    clock = start + reload_s
    computed = (start if overlapped else clock) + prefill_flop / flops_per_s
    if computed > clock:
        clock = computed
    return clock + decode_s
