"""Train many networks of one shape in one compiled call, and compare them.

networks.py trains them; lockstep.py holds the compiled calls; folds.py cross-validates.
"""

from jaxnn.ensemble.folds import RESAMPLES as RESAMPLES
from jaxnn.ensemble.folds import Scores as Scores
from jaxnn.ensemble.folds import chances as chances
from jaxnn.ensemble.folds import check_room as check_room
from jaxnn.ensemble.folds import cross_validate as cross_validate
from jaxnn.ensemble.folds import stratified_folds as stratified_folds
from jaxnn.ensemble.lockstep import of_each as of_each
from jaxnn.ensemble.networks import Ensemble as Ensemble
from jaxnn.ensemble.networks import minimize_all as minimize_all
from jaxnn.ensemble.networks import padded as padded
from jaxnn.ensemble.networks import stack as stack
