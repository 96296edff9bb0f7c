# /// alternative
# cell = "erlang_c_probability"
# why = "a sum of logarithms instead of the recursion"
# ///
import numpy as np
from scipy.special import gammaln, logsumexp


def erlang_c_probability(servers, offered_load):
    if offered_load >= servers:
        raise ValueError("more load than places")
    if offered_load == 0:
        return 0.0
    k = np.arange(servers)
    below = logsumexp(k * np.log(offered_load) - gammaln(k + 1))
    top = servers * np.log(offered_load) - gammaln(servers + 1)
    top += np.log(servers / (servers - offered_load))
    return float(np.exp(top - np.logaddexp(below, top)))
