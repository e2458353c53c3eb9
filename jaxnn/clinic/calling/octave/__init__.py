"""Octave functions, called like Python functions.

    cost, gradient = octave.load(Path("cost.m"), ["cost", "gradient"])
    J, grad = cost(theta, X, y)

functions.py finds them with sources.py. process.py runs them: octave_server.m is its
other side, values.py converts what goes both ways. errors.py says what failed where.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
