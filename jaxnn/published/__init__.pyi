from . import verdicts as verdicts
from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .recipes import RECIPES as RECIPES
from .recipes import Recipe as Recipe
