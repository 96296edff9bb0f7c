# /// alternative
# cell = "required_hit_rate"
# why = "Python's bisect over ten million steps, zip over tiers, a dot product"
# ///
def required_hit_rate(ttft_at, target_s):
    from bisect import bisect_left

    steps = 10_000_000
    if ttft_at(1.0) > target_s:
        raise ValueError(f"even a full hit takes longer than {target_s} s")
    return bisect_left(range(steps), True, key=lambda i: ttft_at(i / steps) <= target_s) / steps


# %% kv_reload_s
def kv_reload_s(tokens, kv_bytes_per_token, link_bytes_per_s):
    if not hasattr(tokens, "__len__"):
        tokens, link_bytes_per_s = [tokens], [link_bytes_per_s]
    return sum(
        kept * kv_bytes_per_token / link
        for kept, link in zip(tokens, link_bytes_per_s, strict=True)
    )


# %% amdahl_speedup
def amdahl_speedup(share, factor):
    saved = share * (1 - 1 / np.asarray(factor, dtype=float))
    return 1 / (1 - saved)


# %% prefill_flop
def prefill_flop(model, new, cached=0):
    def cold(tokens):
        pairs = tokens * (tokens + 1) // 2
        attention = 4 * model.layers * model.heads * model.head_dim * pairs
        return 2 * model.matmul_params * tokens + attention

    return cold(cached + new) - cold(cached)
