"""The recipes are complete: every figure appears once, every setting is usable."""

import re
from pathlib import Path

import pytest

from jaxnn.initialization import SCHEMES
from jaxnn.optimizers import METHODS
from jaxnn.published import verdicts
from jaxnn.published.programs import OBJECTIVES
from jaxnn.published.recipes import RECIPES

# copied from the documents a second time, one line per printout
PUBLISHED = {
    "given_weights": (0.2876291651613189, 0.38376985909092365, 0.5760512469501331)
    + (0.28751238099868115, 97.52)
    + (6.1871e-05, 9.388e-05, -0.00019259, -0.00016849, 0.00034868, 0.00023051)
    + (-0.0010498, 0.00033512, -0.00064783, 0.00085755, 0.00093069, 0.00050783),
    "tiny_network": (7.406969856065749, 19.473636522732416)
    + (0.76614, 0.9799, -0.02754, -0.03584, -0.02493, -0.05386, 0.88342, 0.56876)
    + (0.58467, 0.59814, 0.45931, 0.34462, 0.25631, 0.31189, 0.47834, 0.36892)
    + (0.25977, 0.32233)
    + (0.76614, 0.9799, 0.37246, 0.49749, 0.64174, 0.74614, 0.88342, 0.56876)
    + (0.58467, 0.59814, 1.92598, 1.94462, 1.98965, 2.17855, 2.47834, 2.50225)
    + (2.52644, 2.72233),
    "gradient_check": (2.9930853667124326e-11, 1.8415564955692822e-11, 1e-9),
    "gradient_descent": (0.5730019815532197, 93.38),
    "lambda_0": (0.1716186839513631, 98.46),
    "lambda_1": (0.37190311904398177, 97.72),
    "lambda_20": (1.3447246106101214, 92.06),
    "logistic_regression": (94.74,),
    "cg_lambda_3": (0.590658748651, 0.571069430173, 0.560595671103)
    + (0.558274377352, 0.556666544211, 0.55664986808, 97.88),
    "overfit_cg": (181, 652, 0.011421, 100),
    "regularised_cg": (237, 0.140832, 0.11346050888543582, 99.26),
    "truncated_newton": (6.822808663412786, 6.82815418229493, 0.3390073681831228)
    + (21, 250, 99.22),
    "split_25": (0.4507, 94.5, 83.0),
    "split_100": (0.2005, 98.9, 86.725),
    "split_100_lambda_0.005": (1.5716, 95.8, 88.475),
}


def test_all_published_figures_are_there():
    found = {
        recipe.name: tuple(
            number
            for figure in recipe.figures
            for number in verdicts.numbers(figure.published).tolist()
        )
        for recipe in RECIPES
    }
    assert found == PUBLISHED


def test_readme_has_every_figure():
    text = (Path(__file__).parents[1] / "README.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    for recipe in RECIPES:
        for figure in recipe.figures:
            published = verdicts.printed(figure.published)
            head = f"| {recipe.name} | {figure.name} | {published} |"
            assert sum(line.startswith(head) for line in lines) == 1
    assert not re.search(r"^[A-Z]+$|MINUTES", text, re.MULTILINE)  # a placeholder


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_recipe_is_usable_and_names_its_source(recipe):
    assert recipe.source and recipe.about and recipe.figures
    names = [figure.name for figure in recipe.figures]
    assert len(set(names)) == len(names)
    for setup in filter(None, (recipe.setup, recipe.correct, recipe.unknown)):
        assert setup.method in METHODS and setup.init in SCHEMES
        assert setup.objective in OBJECTIVES
        assert setup is recipe.setup or setup.label != recipe.setup.label
