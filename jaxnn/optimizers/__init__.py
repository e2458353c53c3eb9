"""Minimize any function of a pytree: `minimize` and its methods.

A method is a pair of pure functions over arrays (method.py), so one compiled loop
(loop.py) runs them all, and jit, vmap, checkpoints and resuming come with it. bfgs and
SciPy's methods (with_scipy.py) run to their end by themselves (whole.py). methods.py
finds a method by its name; lbfgs and cg share line_search.py. Nothing here knows about
digits: fun(params, *args) is all there is.
"""

from jaxnn.optimizers.bfgs import check_size as check_size
from jaxnn.optimizers.lbfgs import MEMORY as MEMORY
from jaxnn.optimizers.loop import Minibatches as Minibatches
from jaxnn.optimizers.loop import Trace as Trace
from jaxnn.optimizers.loop import initial_state as initial_state
from jaxnn.optimizers.loop import run_chunk as run_chunk
from jaxnn.optimizers.method import Method as Method
from jaxnn.optimizers.method import Objective as Objective
from jaxnn.optimizers.method import State as State
from jaxnn.optimizers.method import WholeRun as WholeRun
from jaxnn.optimizers.method import is_finite as is_finite
from jaxnn.optimizers.methods import METHODS as METHODS
from jaxnn.optimizers.methods import able_method as able_method
from jaxnn.optimizers.methods import check_run as check_run
from jaxnn.optimizers.methods import chosen_method as chosen_method
from jaxnn.optimizers.minimize import Result as Result
from jaxnn.optimizers.minimize import as_arrays as as_arrays
from jaxnn.optimizers.minimize import minimize as minimize
from jaxnn.optimizers.minimize import start as start
from jaxnn.optimizers.minimize import warm_up as warm_up
