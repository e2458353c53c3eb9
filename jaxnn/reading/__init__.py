"""From a photo to the picture that the network reads.

photos.py opens a file, ink.py finds the digit's strokes, and mnist_form.py gives them
the form of MNIST's digits. made.py makes new pictures of digits, with the help of
forms.py, pens.py, warps.py and glyphs.py; sets.py writes as many as fit on a disk.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
