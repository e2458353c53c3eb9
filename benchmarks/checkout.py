"""jaxnn as it is installed; where it is not, the checkout's: scripts just run."""

import sys
from pathlib import Path

try:
    import jaxnn
except ModuleNotFoundError:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import jaxnn

__all__ = ["jaxnn"]
