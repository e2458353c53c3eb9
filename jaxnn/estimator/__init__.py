"""The network as an estimator of scikit-learn: `NeuralNetClassifier`, `GridSearch`.

classifier.py keeps scikit-learn's contract; fitting.py trains on checked arrays;
together.py and grid_search.py train the networks of a search side by side.
"""

import lazy_loader

from jaxnn.mistake import Mistake, install

try:
    import sklearn  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "sklearn":
        raise
    raise Mistake(
        "the estimator needs scikit-learn; " + install("'scikit-learn>=1.6'")
    ) from None

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
