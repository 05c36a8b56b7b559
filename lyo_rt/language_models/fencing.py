"""Material between tags that it cannot close."""

import re


def fenced(tag: str, text: str) -> str:
    """The text between <tag> lines; a closing tag inside it is broken up."""
    closed = re.sub(rf"<\s*/\s*{tag}", f"< /{tag}", text, flags=re.IGNORECASE)
    return f"<{tag}>\n{closed}\n</{tag}>"
