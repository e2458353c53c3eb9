"""What a person looks at: charts, pictures of digits and units, the page.

charts.py and pictures.py return matplotlib figures. page.py makes one HTML page from
page.html and its scripts. painter.py starts the second process of a command that
trains; run_pictures.py is what that process does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
