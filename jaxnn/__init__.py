"""jaxnn: the 400-25-10 digit network of the machine-learning course, in JAX.

>>> import jaxnn
>>> train, test = jaxnn.split(jaxnn.load_digits())
>>> run = jaxnn.fit(train, test=test, lam=1.0)

The network is in model.py, its hand-derived gradient in backprop.py, its numeric
one in differences.py; three_way.py compares them. Files and devices: data.py,
images.py, files.py, devices.py, weights.py. Rooms: optimizers, training, ensemble,
published, reading, showing, clinic. The commands (train.py, evaluate.py, ...) use all
of these and are imported by none. tests/test_layout.py says who may import whom.
"""

from jaxnn import startup

__version__ = "0.1.0"

with startup.loading():
    from jaxnn.backprop import backprop as backprop
    from jaxnn.clinic import check_gradient as check_gradient
    from jaxnn.data import Digits as Digits
    from jaxnn.data import load_digits as load_digits
    from jaxnn.data import split as split
    from jaxnn.data import standardize as standardize
    from jaxnn.devices import DeviceError as DeviceError
    from jaxnn.differences import central_differences as central_differences
    from jaxnn.files import FileError as FileError
    from jaxnn.mistake import Mistake as Mistake
    from jaxnn.model import accuracy as accuracy
    from jaxnn.model import cost as cost
    from jaxnn.model import forward as forward
    from jaxnn.model import gradient as gradient
    from jaxnn.model import init_params as init_params
    from jaxnn.model import predict as predict
    from jaxnn.optimizers import minimize as minimize
    from jaxnn.training import Run as Run
    from jaxnn.training import fit as fit
    from jaxnn.weights import load_params as load_params
    from jaxnn.weights import save_params as save_params
