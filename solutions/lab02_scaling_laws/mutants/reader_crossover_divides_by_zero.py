# /// mutant
# cell = "crossover_tokens"
# loses = ["test_crossover_tokens"]
# misconception = "a share of 1 divides by zero instead of being refused"
# message = "it raised ZeroDivisionError"
# ///
def crossover_tokens(tokens, share=0.5, mfu_training=1.0, mfu_serving=1.0):
    if share > 1:
        raise ValueError("a share is at most 1")
    return 3 * tokens * share / (1 - share) * mfu_serving / mfu_training
