"""What the scripts next to this folder share; they use the jaxnn of this checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import jaxnn as jaxnn  # noqa: E402
