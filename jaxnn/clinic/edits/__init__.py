"""Mistakes as edits of a derivation, and the search for the fewest that explain.

steps.py holds what can stand in each place of a gradient's derivation; search.py finds
what does, factors.py by how much; costs.py does the same for the cost.
"""
