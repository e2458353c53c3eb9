from .errors import OctaveError as OctaveError
from .functions import Function as Function
from .functions import load as load
