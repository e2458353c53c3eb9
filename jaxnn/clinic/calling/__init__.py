"""Find out how to call a person's functions, call them, and read what they return.

source.py loads them; subject.py gives each input a role (assembly.py, by inputs.py,
names.py, listing.py and surroundings.py); ways.py tries the forms.py and packings.py;
way.py calls (parts.py, calls.py) and reads (readings.py, modes.py); refusals.py says
why it cannot be.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
