# /// mutant
# cell = "crossover_tokens"
# loses = ["test_crossover_tokens"]
# misconception = "the share is taken of training alone"
# message = "share/(1 − share)"
# ///
def crossover_tokens(tokens, share=0.5, mfu_training=1.0, mfu_serving=1.0):
    if share >= 1:
        raise ValueError("training never vanishes")
    return 3 * tokens * share * mfu_serving / mfu_training
