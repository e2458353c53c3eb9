"""The networks that the clinic knows, and which of them a cost belongs to.

problems.py draws parameters and examples; units.py and network.py are the formulas;
family.py finds the member of the family by its costs.
"""
