from . import ink as ink
from . import photos as photos
