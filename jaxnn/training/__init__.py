"""Train one network: `fit`, the run it returns, and the folder a run is kept in.

run.py leads through; settings.py decides the numbers; blocks.py and centering.py hold
the cost to minimize; chunks.py runs the loop; history.py, record.py, run_folder.py and
scores.py keep and judge what comes out.
"""

from jaxnn.training.history import Progress as Progress
from jaxnn.training.run import Run as Run
from jaxnn.training.run import fit as fit
from jaxnn.training.scores import Evaluation as Evaluation
from jaxnn.training.settings import CLASSES as CLASSES
from jaxnn.training.settings import Settings as Settings
from jaxnn.training.settings import check as check
from jaxnn.training.settings import cost_name as cost_name
from jaxnn.training.settings import tidy as tidy
