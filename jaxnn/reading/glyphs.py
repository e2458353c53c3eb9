"""Printed letters and signs that are no digits, in the fonts that matplotlib ships."""

import functools
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from jaxnn.reading import mnist_form

SIZE = 64  # of the font, in pixels
FONTS = {  # what each prints; letters that can be digits, like O and l, are left out
    "DejaVuSans": "ACEFGHKLMNPQRTUVWXYDJadefhkmnprtuvwxy?&@#%+=*$§≈∞→←↑↓♥★☺√ΣΩπλβ{}",
    "DejaVuSans-Bold": "AEFHKMNPRTWXaefhkmnprtuwx?&#+=",
    "DejaVuSerif": "ACEFGHIKLMNPQRTUVWXYDJadefhkmnprtuvwxy?&@",
    "DejaVuSerif-Italic": "AEFHKMNPRTWXYadefhkmnprtuwxy?&",
    "DejaVuSansMono": "AEFGHKMNPRTWXadefhkmnprtuwx",
    "STIXGeneralItalic": "AEFGHKMNPRTWXYadefhkmnprtuwxy",
    "cmmi10": "AEFGHKMNPRTWXadefhkmnprtuwx",
    "cmtt10": "AEFGHKMNPRTWXadefhkmnprtuwx",
}


@functools.cache
def printed() -> np.ndarray:
    """Every letter in every font, in MNIST's form: (g, 28, 28) float32, ink 1."""
    folder = Path(matplotlib.get_data_path()) / "fonts/ttf"
    pictures = []
    for name, letters in FONTS.items():
        font = ImageFont.truetype(folder / f"{name}.ttf", SIZE)
        pictures += [mnist_form.picture(glyph(letter, font)) for letter in letters]
    return np.array(pictures, np.float32)


def glyph(letter: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    """A letter's ink, (2 SIZE, 2 SIZE)."""
    image = Image.new("L", (2 * SIZE, 2 * SIZE))
    ImageDraw.Draw(image).text((SIZE, SIZE), letter, 255, font, anchor="mm")
    return np.asarray(image, np.float64) / 255
