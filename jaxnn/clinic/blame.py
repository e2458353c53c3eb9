"""An error in a person's line, wherever it comes out, is a refusal with that line."""

import contextlib
from collections.abc import Iterator
from linecache import getline

from jaxnn.clinic.calling import Unusable
from jaxnn.clinic.calling.refusals import own_frames
from jaxnn.clinic.calling.texts import one_line
from jaxnn.mistake import Mistake


@contextlib.contextmanager
def theirs() -> Iterator[None]:
    """In this block an error in a person's own code becomes Unusable.

    What a function returns is their code, too: its attributes, elements and numbers.
    Ctrl-C stays a KeyboardInterrupt, and names the line.
    """
    try:
        yield
    except Mistake:
        raise
    except BaseException as error:
        frames = own_frames(error)
        if not frames:
            raise
        code, line, file = frames[-1]
        text = f"{type(error).__name__}: {one_line(error)}".removesuffix(": ")
        is_pressed = isinstance(error, KeyboardInterrupt)
        kind = KeyboardInterrupt if is_pressed else Unusable
        raise kind(
            f"{code.co_name} raised {text} at line {line}; fix that line\n"
            f"  {file}, line {line}, in {code.co_name}\n"
            f"    {getline(file, line).strip()}"
        ) from None
