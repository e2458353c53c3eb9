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

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
