"""The recipes are whole: every figure named once, every setting usable."""

from decimal import Decimal
from pathlib import Path

import pytest

from jaxnn.model import SCHEMES
from jaxnn.optimizers import METHODS
from jaxnn.programs import OBJECTIVES
from jaxnn.recipes import RECIPES
from jaxnn.verdicts import printed


def test_all_published_figures_are_there():
    figures = [figure for recipe in RECIPES for figure in recipe.figures]
    assert (len(RECIPES), len(figures)) == (15, 53)
    assert len({recipe.name for recipe in RECIPES}) == 15
    numbers = [
        text
        for figure in figures
        for text in ([figure.published] * isinstance(figure.published, str))
        or figure.published
    ]
    assert len(numbers) == 97  # two gradients of 6 numbers, two of 18, and 49 alone
    assert all(Decimal(text).is_finite() for text in numbers)


def test_readme_has_every_figure():
    text = (Path(__file__).parents[1] / "README.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    for recipe in RECIPES:
        for figure in recipe.figures:
            head = f"| {recipe.name} | {figure.name} | {printed(figure.published)} |"
            assert sum(line.startswith(head) for line in lines) == 1


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_recipe_is_usable_and_says_where_it_is_from(recipe):
    assert recipe.source and recipe.about and recipe.figures
    names = [figure.name for figure in recipe.figures]
    assert len(set(names)) == len(names)
    for setup in filter(None, (recipe.setup, recipe.correct, recipe.unknown)):
        assert setup.method in METHODS and setup.init in SCHEMES
        assert setup.objective in OBJECTIVES
        assert setup is recipe.setup or setup.label != recipe.setup.label
