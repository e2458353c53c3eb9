"""Check a person's own cost and backpropagation, and name the mistake."""

from jaxnn.clinic.checkup import Checkup as Checkup
from jaxnn.clinic.checkup import check_gradient as check_gradient
from jaxnn.clinic.refusals import Unusable as Unusable
