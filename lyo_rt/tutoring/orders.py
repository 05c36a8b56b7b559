"""Orders to the machine in what a learner says or pastes, and whether an answer carries them out. Pure.

A lesson needs none of them. A turn that is under orders is told so in its prompt, and its answer is held to the lesson:
of what leaves, each sentence shares a word with the material or with what the learner says of it.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from lyo_rt.language_models.outline.languages import any_stop_words
from lyo_rt.language_models.outline.tutoring import tutoring_for
from lyo_rt.language_models.outline.words import asks, content_words, sentences_of, stem
from lyo_rt.language_models.tasks import Turn
from lyo_rt.tutoring.folding import folded, unaccented, words_of

FEW = 2
"""Words up to which a sentence is judged where the material is in another language: of more, none can be compared."""
LOUD = 4
"""Letters from which a sentence all in capitals is a cry, and not the short name of something."""

_THINGS = (
    r"(?:rules?|instructions?|prompts?|guidelines?|restrictions?|limits|programming|regeln?|anweisung\w*|vorgaben|"
    r"reglas|instrucciones|indicaciones|regles|consignes|regole|istruzioni|regras|instrucoes|"
    r"правил\w*|инструкци\w*|указани\w*|kural\w*|talimat\w*)"
)
_ORDERS = (
    # forget the rules
    rf"(?:ignore|disregard|forget|override|bypass|drop)\b.{{0,40}}\b{_THINGS}",
    rf"{_THINGS}\b.{{0,25}}\b(?:are|is) (?:off|void|no longer|not valid|suspended)|\b(?:no longer apply|rules off)\b",
    rf"(?:ignorier\w*|vergiss|missachte)\b.{{0,40}}\b{_THINGS}",
    rf"(?:ignora\w*|olvida\w*|oublie\w*|dimentica\w*|esque[cç]\w*|esquece\w*)\b.{{0,40}}\b{_THINGS}",
    rf"(?:забудь|игнорируй|отмени)\b.{{0,40}}\b{_THINGS}",
    rf"{_THINGS}\b.{{0,20}}(?:unut|yok say|gormezden)|\bkural(?:siz|sız)\b",
    r"(?:忽略|无视|忘记|忘掉|不要遵守).{0,15}(?:规则|指令|指示|提示|限制)|(?:ルール|規則|指示|制限).{0,6}(?:無視|忘れ)",
    r"(?:تجاهل|انس|انسى).{0,25}(?:القواعد|التعليمات|تعليمات|قواعد)",
    r"(?:התעלם|התעלמי|שכח|תשכח).{0,25}(?:הכללים|ההוראות|כללים)",
    r"(?:नियम|निर्देश).{0,15}(?:भूल|अनदेखा|नज़रअंदाज़)",
    # be somebody else
    r"(?:from now on|now) (?:you are|you're|act|be)\b|\byou are (?:now|no longer)\b",
    r"\bpretend (?:to be|that you|you are)\b",
    r"\b(?:role-?play|jailbreak\w*|developer mode|dan mode|do anything now|unrestricted|without (?:any )?rules)",
    r"\b(?:be|act as|please be) my\b.{0,20}\b(?:grandm\w+|grandf\w+|friend|girlfriend|boyfriend)\b",
    r"\bab (?:jetzt|sofort) bist du\b|\bdu bist (?:ab )?jetzt\b|\bohne regeln\b|\btu so,? als\b",
    r"\b(?:a partir de ahora|desde ahora) eres\b|\bhaz como si\b|\bfinge que\b|\bsin reglas\b|\bsem regras\b",
    r"\ba partir de agora (?:es|voce e)\b|\ba partir de maintenant,? tu es\b",
    r"\bfais (?:comme|semblant)\b|\bsans regles\b",
    r"\bты теперь\b|\bтеперь ты\b|\bбез правил\b|\bпредставь,? что ты\b|\bartik sen\b",
    r"你现在是|从现在起你|假装你|没有限制|今から(?:あなた|君)は|ふりをして|制限のない",
    r"أنت الآن|انت الان|تظاهر|אתה עכשיו|העמד פנים|अब तुम",
    # an order to whatever reads the text
    r"(?:^|[\s\[(<#\"“„«*>])(?:system|assistant|developer|admin|ai|ki|ia|bot|chatgpt|model|tutor)\s*:",
    r"</?\s*(?:system|material|problem|instructions?|rules|conversation|summary)\s*>|\[/?inst\]|<\|",
    r"(?:instruction|note|message|order)s? (?:to|for) (?:the |any |an )?(?:ai|assistant|model|tutor|chatbot|bot|llm)\b",
    r"\ban die ki\b|\bpara (?:la ia|el asistente|a ia|o assistente)\b",
    r"\ba l'(?:ia|assistant)\b|\bper l'(?:ia|assistente)\b",
    r"(?:инструкци\w+|указани\w+) (?:для )?(?:ии|ассистент\w*|модел\w*)|asistan(?:a|i[cç]in) talimat",
    r"تعليمات للمساعد|تعليمات للذكاء|הוראות לעוזר|הוראה לבינה",
    r"给助手的指令|给ai的|アシスタントへの指示|सहायक के लिए निर्देश",
    r"\bnew rules?\s*:|\bneue regeln?\s*:|\bnuevas reglas\s*:|\bnouvelles regles\s*:",
    # show what is hidden
    (
        r"(?:show|print|reveal|repeat|output|write|tell|give|send|translate)\b.{0,40}\b(?:system prompt|initial "
        r"instructions|hidden (?:instructions|rules|text|notes)|your (?:instructions|prompt|rules)|"
        r"(?:the (?:text|words)|everything) above)"
    ),
    r"(?:zeig|nenn|verrat|wiederhol|druck|gib)\w*\b.{0,40}\b(?:systemprompt|prompt|deine (?:regeln|anweisungen))",
    (
        r"(?:muestra|repite|dime|revela|montre|repete|affiche|mostra|ripeti)\w*\b.{0,40}\b(?:prompt|"
        r"tus (?:reglas|instrucciones)|tes (?:regles|consignes|instructions)|tue (?:regole|istruzioni)|"
        r"suas (?:regras|instrucoes))"
    ),
    r"(?:系统提示|你的(?:指令|规则|提示词))|システムプロンプト|系統提示|системн\w+ промпт",
)
_OBEYS = re.compile(
    r"\b(?:my|the) (?:system prompt|hidden instructions?|instructions? (?:are|say)|rules (?:are|say|no longer))\b|"
    r"\b(?:developer|unrestricted|dan) mode\b|\bi(?:'m| am) (?:now )?(?:dan|unrestricted|no longer bound|free of)\b|"
    r"\b(?:without|ignoring|forget\w*) (?:my|the|all|any) (?:rules|restrictions|instructions)\b|"
    r"\b(?:mein(?:e)? (?:systemprompt|anweisungen|regeln) (?:ist|sind|lauten?)|mis (?:instrucciones|reglas) son|"
    r"mes (?:instructions|regles|consignes) sont)\b"
)


def gives_orders(message: str) -> bool:
    """Whether somebody speaks to the machine in it: void the rules, be somebody else, do as this text says."""
    plain = " ".join(unaccented(message).replace("’", "'").split())
    return _ANY.search(plain) is not None


class Orders:
    """The orders of a conversation, as far as an answer can carry them out; None of them is known word by word."""

    def __init__(self, turns: Sequence[Turn], material: Iterable[str], language: str, *, comparable: bool) -> None:
        """`comparable`: the material is in the language of the answer."""
        self._language, self._comparable = language, comparable
        said = (turn.text if turn.role == "assistant" else _own_words(turn.text, language) for turn in turns)
        self._known = {stem for text in (*material, *said) for stem in self._telling(text)}

    def obeyed_by(self, sentence: str) -> bool:
        """Whether a sentence of the answer, other than a question, has telling words and all are from elsewhere, or
        is all in capitals, or says that it obeys."""
        if _is_loud(sentence) or _OBEYS.search(unaccented(sentence).replace("’", "'")):
            return True
        if asks(sentence):
            return False
        telling = self._telling(sentence)
        if not telling or (not self._comparable and len(words_of(sentence)) > FEW):
            return False
        return not telling & self._known

    def _telling(self, text: str) -> set[str]:
        """The stems of the words that say what a text is about."""
        return {
            stem(word) for word in content_words(folded(text), self._language) if word not in _common(self._language)
        }


@cache
def _common(language: str) -> frozenset[str]:
    """What one says in any lesson, `that is right` as well as `let us look`: stop words, and the tutor's own phrases.

    The first call for a language reads a file.
    """
    own = (word for text in tutoring_for(language).all() for word in content_words(folded(text), language))
    return frozenset((*own, *map(folded, any_stop_words(language))))


def _is_loud(sentence: str) -> bool:
    letters = [letter for letter in sentence if letter.isalpha()]
    return len(letters) >= LOUD and all(map(str.isupper, letters))


def under_orders(turns: Sequence[Turn]) -> bool:
    """Whether the learner has given any in these turns: a model that has once obeyed goes on."""
    return any(turn.role == "user" and gives_orders(turn.text) for turn in turns)


def _own_words(message: str, language: str) -> str:
    """What the learner says of the lesson: of a message with orders only its last sentence, unless it has them too."""
    if not gives_orders(message):
        return message
    last = (sentences_of(message, language) or [""])[-1]
    return "" if gives_orders(last) else last


_ANY = re.compile("|".join(f"(?:{order})" for order in _ORDERS))
