"""Train many networks of one shape in one compiled call, and compare them.

networks.py trains them; lockstep.py holds the compiled calls; folds.py cross-validates;
plan.py and kept.py hold what an unfinished sweep keeps.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
