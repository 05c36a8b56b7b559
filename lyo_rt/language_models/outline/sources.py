"""Where to search: open sources that answer a query in their address."""

import re
from collections.abc import Iterable
from urllib.parse import quote_plus

from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.tasks import CourseBrief, Link

_LARGE_WIKIPEDIAS = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru sk sl sr sv ta th tr "
    "uk ur vi zh"
)
_GENERAL = (
    ("Internet Archive", "https://archive.org/search?query={}"),
    ("Open Library", "https://openlibrary.org/search?q={}"),
)
_ENGLISH = (
    ("MIT OpenCourseWare", "https://ocw.mit.edu/search/?q={}"),
    ("Project Gutenberg", "https://www.gutenberg.org/ebooks/search/?query={}"),
)
_ADVANCED = (("arXiv", "https://arxiv.org/search/?searchtype=all&query={}"),)
_PICTURES = (("Wikimedia Commons", "https://commons.wikimedia.org/w/index.php?search={}"),)


def search_links(brief: CourseBrief, phrases: Phrases, query: str, *, turn: int) -> list[Link]:
    """Three or four searches for `query`, an encyclopaedia first; `turn` varies the others from lesson to lesson."""
    language = brief.locale.replace("_", "-").split("-")[0].lower()
    wiki = language if language in _LARGE_WIKIPEDIAS.split() else "en"
    others: list[tuple[str, str]] = [
        (f"Wikibooks ({wiki})", f"https://{wiki}.wikibooks.org/w/index.php?search={{}}"),
        *_GENERAL,
        *(_ENGLISH if wiki == "en" else ()),
        *(_ADVANCED if brief.level == "advanced" else ()),
        *(_PICTURES if brief.style == "visual" else ()),
    ]
    turned = [others[(turn + n) % len(others)] for n in range(2)]
    chosen = [(f"Wikipedia ({wiki})", f"https://{wiki}.wikipedia.org/w/index.php?search={{}}"), *turned]
    return list(_links(chosen, phrases, query))


def _links(chosen: Iterable[tuple[str, str]], phrases: Phrases, query: str) -> Iterable[Link]:
    # brackets would end the Markdown link the title stands in
    short = " ".join(re.sub(r"[\[\]()<>]", " ", query).split())[:80]
    for source, address in chosen:
        title = phrases.search_title.format(source=source, query=short)
        yield Link(title=title, url=address.format(quote_plus(short)), source=source)
