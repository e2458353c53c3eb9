"""The published experiments of this network, run again and compared.

recipes.py is the experiments as data, programs.py the formulas that depart from the
course's, experiments.py runs them, verdicts.py judges a figure, comparison.py all of
one recipe.
"""

from jaxnn.published.comparison import CUT as CUT
from jaxnn.published.comparison import Comparison as Comparison
from jaxnn.published.comparison import compare as compare
from jaxnn.published.recipes import RECIPES as RECIPES
from jaxnn.published.recipes import Recipe as Recipe
