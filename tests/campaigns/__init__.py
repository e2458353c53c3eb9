"""Campaigns: many odd, damaged, hostile or cut cases, and a judge of each.

    python -m tests.campaigns --kind data --cases 10000

Each case follows from a seed and its number. The tests take a few of each kind.
"""
