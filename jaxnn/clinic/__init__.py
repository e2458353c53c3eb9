"""Check a person's own cost and backpropagation, and name the mistake.

checkup.py leads through, in this order:
- calling/: load the function and find the ways to call it;
- understanding.py: the way in which its cost is that of one of the networks/;
- judgement.py: the fewest edits/ of this network's derivation that give its values;
- telling/: say so.
The command lets another process do all this: apart.py watches it, inmate.py is it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
