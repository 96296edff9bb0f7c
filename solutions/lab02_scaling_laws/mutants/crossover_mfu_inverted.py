# /// mutant
# cell = "crossover_tokens"
# loses = ["test_crossover_tokens"]
# misconception = "inefficient serving takes over later"
# message = "takes over sooner"
# ///
def crossover_tokens(tokens, share=0.5, mfu_training=1.0, mfu_serving=1.0):
    if share >= 1:
        raise ValueError("training never vanishes")
    return 3 * tokens * share / (1 - share) * mfu_training / mfu_serving
