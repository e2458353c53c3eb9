"""The published experiments of this network, run again and compared.

recipes.py holds the experiments as data. programs.py holds the formulas that differ
from the course's. experiments.py runs the experiments, verdicts.py judges one figure,
and comparison.py judges all figures of one recipe.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
