"""Parts of documents that are made from the code, between two marks."""

END = "<!-- end -->"


def inserted(text: str, begin: str, part: str) -> str:
    """`text` with `part` between its marks. Raises ValueError when it has no marks."""
    before, found, rest = text.partition(begin)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise ValueError(f"there are no marks {begin} … {END}")
    return f"{before}{begin}\n{part}{END}{after}"
