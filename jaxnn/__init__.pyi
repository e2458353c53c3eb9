from .backprop import backprop as backprop
from .cache import cache_compiled_programs as cache_compiled_programs
from .clinic import check_gradient as check_gradient
from .data import Digits as Digits
from .data import load_digits as load_digits
from .data import split as split
from .data import standardize as standardize
from .devices import DeviceError as DeviceError
from .differences import central_differences as central_differences
from .files import FileError as FileError
from .initialization import init_params as init_params
from .mistake import Mistake as Mistake
from .model import accuracy as accuracy
from .model import cost as cost
from .model import forward as forward
from .model import gradient as gradient
from .model import predict as predict
from .optimizers import minimize as minimize
from .training import Run as Run
from .training import fit as fit
from .weights import load_params as load_params
from .weights import save_params as save_params

__version__: str
