"""Check a person's own cost and backpropagation, and name the mistake."""

from jaxnn.clinic.checkup import Checkup as Checkup
from jaxnn.clinic.checkup import check_gradient as check_gradient
from jaxnn.clinic.conventions import CHOICES as CHOICES
from jaxnn.clinic.problems import LAMBDA as LAMBDA
from jaxnn.clinic.refusals import Unusable as Unusable
from jaxnn.clinic.roles import WORDS as WORDS
