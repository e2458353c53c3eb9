"""Minimize any function of a pytree: `minimize` and its methods.

A method is a pair of pure functions over arrays (method.py), so one compiled loop
(loop.py) runs them all, and jit and vmap (traced.py), checkpoints and resuming come
with it. bfgs and SciPy's methods (with_scipy.py) run to their end by themselves
(whole.py). methods.py finds a method by its name, traits.py says which settings it
takes. lbfgs and cg share line_search.py; packing.py has the loop of their search and of
newton-cg. Nothing here knows about digits: fun(params, *args) is all there is.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
