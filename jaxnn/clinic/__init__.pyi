from .checkup import Checkup as Checkup
from .checkup import check_gradient as check_gradient
from .conventions import CHOICES as CHOICES
from .problems import LAMBDA as LAMBDA
from .refusals import Unusable as Unusable
from .roles import WORDS as WORDS
