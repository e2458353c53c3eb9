"""jaxnn: the 400-25-10 digit network of the machine-learning course, in JAX.

>>> import jaxnn
>>> train, test = jaxnn.split(jaxnn.load_digits())
>>> run = jaxnn.fit(train, test=test, lam=1.0)

The network is in model.py, its first weights in initialization.py, its hand-derived
gradient in backprop.py, its numeric one in differences.py; three_way.py compares them.
Data: data.py, digits.py, classes.py, formats.py, dataframes.py, orientation.py,
images.py. Files and devices: files.py, locks.py, weights.py, cache.py, devices.py.
Rooms: optimizers, training, ensemble, estimator, published, reading, showing, clinic.
The commands (train.py, evaluate.py, ...) use all of these and are imported by none.
tests/test_layout.py says who may import whom.

A name is loaded when it is first used (Scientific Python's SPEC 1): __init__.pyi, here
and in each room, lists the names.
"""

from jaxnn import startup as startup  # first: from then on Ctrl-C is one line

# ruff: isort: split
from importlib.util import find_spec

try:
    import lazy_loader
except ModuleNotFoundError as error:
    raise startup.lacking(error) from None

__version__ = "0.1.0"
# the rooms can be reached, jaxnn.optimizers, but are no part of what a person looks for
ROOMS = """cache clinic data devices differences ensemble estimator files images
initialization model optimizers published reading showing three_way training
weights""".split()
__getattr__, _, names = lazy_loader.attach_stub(__name__, __file__)
# two need scikit-learn: without it each says so, and `import *` does without them
HIDDEN = [*ROOMS]
if find_spec("sklearn") is None:
    HIDDEN += ["GridSearch", "NeuralNetClassifier"]
__all__ = [n for n in names if n not in HIDDEN]  # pyright: ignore


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
