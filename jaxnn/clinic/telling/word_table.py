"""Tables of words, as text."""

Words = dict[str, tuple[str, str]]


def table(text: str, **again: str) -> dict[str, Words]:
    """{section: {key: (name, reason)}} of lines "[section]", "key: name", "  reason".

    again: reasons that occur more than once, written <name> in the text.
    """
    found: dict[str, Words] = {}
    words: Words = {}
    key = ""
    for name, reason in again.items():
        text = text.replace(f"<{name}>", reason)
    for line in text.strip().splitlines():
        if line.startswith("["):
            words = found.setdefault(line.strip("[]"), {})
        elif line.startswith(" "):
            name, reason = words[key]
            words[key] = name, f"{reason} {line.strip()}".strip()
        else:
            key, _, name = line.partition(": ")
            words[key] = name, ""
    return found
