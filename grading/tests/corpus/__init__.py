"""Submissions that break things and submissions that cheat, each with the outcome it must have."""
