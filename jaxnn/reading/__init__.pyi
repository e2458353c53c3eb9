from . import ink as ink
from . import made as made
from . import photos as photos
from .finding import Found as Found
from .finding import digits as digits
from .ink import NoDigit as NoDigit
from .photos import Photo as Photo
from .strokes import Box as Box
