from . import ink as ink
from . import made as made
from . import photos as photos
