"""The published experiments of this network, run again and compared.

recipes.py holds the experiments as data. programs.py holds the formulas that differ
from the course's. experiments.py runs the experiments, verdicts.py judges one figure,
and comparison.py judges all figures of one recipe.
"""

from jaxnn.published.comparison import CUT as CUT
from jaxnn.published.comparison import Comparison as Comparison
from jaxnn.published.comparison import compare as compare
from jaxnn.published.recipes import RECIPES as RECIPES
from jaxnn.published.recipes import Recipe as Recipe
