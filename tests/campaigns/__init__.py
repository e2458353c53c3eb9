"""Campaigns: thousands of odd inputs, and one judge for what becomes of each.

    python -m tests.campaigns --cases 10000 --kind data

Every case follows from a seed and its number, so that one that fails can be had again:
--seed S --first N --cases 1. The tests run a few of each kind.
"""
