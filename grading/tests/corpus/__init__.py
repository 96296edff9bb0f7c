"""Submissions that break things and submissions that cheat, each with the outcome it must have.

They do what they say: grade them in the sandbox only, never with ``--unsafe-no-sandbox``, and never let
one be what a lab gives out, for a lab's own cells are trusted.
"""
