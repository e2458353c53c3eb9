"""What a person can mend, apart from every other exception."""


class Mistake(ValueError):
    """Something a person can mend; the message says what is wrong and what to do next.

    One line, whatever characters the names in it have. A command prints it and ends
    with exit code 2; any other exception is a bug of ours.
    """

    def __init__(self, message: str) -> None:
        super().__init__(
            "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)
        )
