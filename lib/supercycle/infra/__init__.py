"""Floor 3, infrastructure: campus cost, time to compute, reliability, networks, memory, sites."""
