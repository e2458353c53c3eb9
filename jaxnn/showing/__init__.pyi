from . import charts as charts
from . import page as page
from . import painter as painter
from . import pictures as pictures
from . import run_pictures as run_pictures
from .painter import FILES as FILES
from .painter import Painter as Painter
from .painter import Trained as Trained
