"""What mails say: texts/<language>.toml laid out by templates/letter.txt and templates/letter.html.

The plain text holds things as they are; in the HTML whatever is put in is escaped.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, StrictUndefined

from lyo_rt.mail.records import KINDS, REUSABLE, TO_PARENTS, Message, Waiting
from lyo_rt.mail.rules import LANGUAGES, greeted, spoken

PHRASES = ("subject", "lead", "button", "unasked")
SHARED = ("greeting", "greeting_without_name", "copy", "lasts", "lasts_often", "closing")


class Templates:
    """The texts of all mails, read from the package's files once; reading blocks for a few milliseconds."""

    def __init__(self, *, public_url: str, sender: str) -> None:
        """Links lead to `public_url`, which has no slash at its end; mails are from the address `sender`."""
        self._public_url = public_url
        self._sender = sender
        self._domain = sender.rpartition("@")[2]
        plain = Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701  (plain text)
        escaping = Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=True)
        folder = files("lyo_rt.mail")
        layouts = folder / "templates"
        # Compiled when a mail needs them: all of them take 25 ms, which every start would wait for.
        self._plain, self._escaping = cache(plain.from_string), cache(escaping.from_string)
        self._text = (layouts / "letter.txt").read_text(encoding="utf-8")
        self._html = (layouts / "letter.html").read_text(encoding="utf-8")
        self._phrases = {
            language: _phrases((folder / "texts" / f"{language}.toml").read_text(encoding="utf-8"))
            for language in LANGUAGES
        }

    def compose(self, waiting: Waiting, token: str) -> Message:
        """The mail in the recipient's language, with a link to its page where it has one."""
        language, name = spoken(waiting.language), greeted(waiting.name)
        facts = {"name": name, "until": f"{waiting.useless_at:%Y-%m-%d %H:%M} UTC"}
        phrases = self._phrases[language]
        named = {phrase: phrases[phrase] for phrase in ("copy", "closing")}
        named["lasts"] = phrases["lasts_often" if waiting.kind in REUSABLE else "lasts"]
        named |= {phrase: phrases[f"{waiting.kind}.{phrase}"] for phrase in PHRASES}
        named["greeting"] = phrases["greeting" if name and waiting.kind not in TO_PARENTS else "greeting_without_name"]
        said = {phrase: self._plain(text).render(facts) for phrase, text in named.items()}
        said["link"] = self._link(waiting.page, language, token) if waiting.page else ""
        return Message(
            id=f"{waiting.id}@{self._domain}",
            sender=self._sender,
            recipient=waiting.recipient,
            subject=said["subject"],
            text=self._plain(self._text).render(said),
            html=self._escaping(self._html).render(said, language=language),
            language=language,
            date=waiting.created_at,
        )

    def _link(self, page: str, language: str, token: str) -> str:
        # Behind the #: browsers keep that to themselves, so no server, proxy or log on the way sees the token.
        return f"{self._public_url}{page}?{urlencode({'lang': language})}#{token}"


def _phrases(text: str) -> dict[str, str]:
    parsed: dict[str, Any] = tomllib.loads(text)
    named: dict[str, str] = {phrase: parsed[phrase] for phrase in SHARED}
    return named | {f"{kind}.{phrase}": parsed[kind].get(phrase, "") for kind in KINDS for phrase in PHRASES}
