# /// alternative
# cell = "crossover_tokens"
# why = "solves the balance of chip time"
# ///
def crossover_tokens(tokens, share=0.5, mfu_training=1.0, mfu_serving=1.0):
    rest = 1 - share
    if rest <= 0:
        raise ValueError("a share of one is never reached")
    training_time = 6 * tokens / mfu_training
    serving_time = training_time * share / rest
    return serving_time * mfu_serving / 2
