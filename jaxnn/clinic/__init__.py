"""Check a person's own cost and backpropagation, and name the mistake.

checkup.py leads through, in this order:
- load the function: source.py, with texts.py and statements.py;
- make it callable: subject.py, with roles.py and surroundings.py;
- find its convention: understanding.py tries conventions.py, with layout.py,
  examination.py calls it (calls.py) on problems.py, readings.py reads what it returns;
- find the mistakes: diagnosis.py, with formulas.py, mistakes.py, hypotheses.py and
  elimination.py; location.py where no known mistake fits;
- say so: findings.py, notes.py and, if the check is impossible, refusals.py.
"""

from jaxnn.clinic.checkup import Checkup as Checkup
from jaxnn.clinic.checkup import check_gradient as check_gradient
from jaxnn.clinic.conventions import CHOICES as CHOICES
from jaxnn.clinic.problems import LAMBDA as LAMBDA
from jaxnn.clinic.refusals import Unusable as Unusable
from jaxnn.clinic.roles import WORDS as WORDS
