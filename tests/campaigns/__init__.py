"""Campaigns: many damaged, hostile or cut cases, each with an independent judge.

python -m tests.campaigns --kind runs --cases 1000; the tests take a small number.
"""
