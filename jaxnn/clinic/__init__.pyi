from .calling import CHOICES as CHOICES
from .calling import ROLES as ROLES
from .calling import Unusable as Unusable
from .calling import script as script
from .checkup import Checkup as Checkup
from .checkup import check_gradient as check_gradient
from .networks.problems import LAMBDA as LAMBDA
