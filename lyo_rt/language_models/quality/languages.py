"""The words by which a question gives itself away, by language.

Each list is narrow on purpose: a word stands here when it is a cue in most questions, not when it may be one. "all",
"only" or "every" describe facts as often as they give keys away, so they are left out.
"""

import re

import msgspec


class Vocabulary(msgspec.Struct, frozen=True):
    """One language.

    `asking` opens a question that chooses among several, `negation` turns it round. `correct` and `incorrect` are what
    an explanation says of an option, `contrast` how it speaks of what is not meant. `common` words say nothing about
    the subject.
    """

    absolute: re.Pattern[str]
    vague: re.Pattern[str]
    asking: re.Pattern[str]
    negation: re.Pattern[str]
    correct: re.Pattern[str]
    incorrect: re.Pattern[str]
    contrast: re.Pattern[str]
    common: frozenset[str]


def _any(alternatives: str, *, case: bool = False) -> re.Pattern[str]:
    """Any of the alternatives, separated by `|` with free whitespace, as whole words."""
    body = "|".join(" ".join(one.split()) for one in alternatives.split("|"))
    return re.compile(rf"(?<!\w)(?:{body})(?!\w)", 0 if case else re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TRUE = _words("true yes wahr richtig ja verdadero cierto sí vrai oui exact")
FALSE = _words("false no falsch nein falso faux non inexact")
"""What the two options of a true or false statement are called; the languages do not collide."""

CLAIM = re.compile(
    r"^(true|false|wahr|richtig|falsch|verdadero|cierto|falso|vrai|faux)(?=[.,:;!]|$)"
    r"|(?:statement|aussage|behauptung|afirmación|affirmation|énoncé|this|that|it|dies|das|esto|ceci|c['’])\s*"
    r"(?:is|ist|es|est)\s+(true|false|wahr|richtig|falsch|verdader[oa]|cierto|fals[oa]|vraie?|faux|fausse)(?!\w)",
    re.IGNORECASE,
)
"""An explanation that says whether the statement is true."""

LANGUAGES: dict[str, Vocabulary] = {
    "en": Vocabulary(
        absolute=_any(
            "always|never|absolutely|invariably|totally|under all circumstances|in (?:all|every) cases?"
            "|without exception|at all times|no matter what|under no circumstances"
        ),
        vague=_any(
            "usually|often|sometimes|frequently|occasionally|rarely|seldom|generally|typically|normally|probably"
            "|possibly|perhaps|most of the time|in (?:many|some|most) cases|more or less|to some extent"
        ),
        asking=_any(
            r"^\W*(?:(?:of|in|for|by|at|on|from|to|with|under) )?(?:which|what|who|whom)|all of|each of|choose|select"
            "|pick|mark|find|identify|name"
        ),
        negation=_any(
            "[Nn]ot|[Nn]ever|[Ee]xcept|[Cc]annot|[Ii]ncorrect|[Ff]alse|[Ww]rong|[Ll]east (?:likely|important|suitable)"
            "|[A-Za-z]+n['’]t",
            case=True,
        ),
        correct=_any(
            "(?:correct|right|best) (?:answer|option|choice|one)|(?:is|are) (?:therefore |thus |the )?(?:correct|right)"
            "|answer (?:is|must be)"
        ),
        incorrect=_any(
            "(?:not|n['’]t|isn['’]t|never) (?:the |a )?(?:correct|right|true|best)|incorrect|wrong|false|mistaken"
        ),
        contrast=_any(
            r"not|\w+n['’]t|instead|rather|while|whereas|but|unlike|confus\w+|mis\w+|wrong|would|though|tempting|only"
            r"|however|other\w*|than|without|opposite|contrast|neither|no|before|after|forget\w*|incorrect|false"
        ),
        common=_words(
            """
            about after again against among another answer because before being below between belong belongs called
            cause causes common correct could define describe describes different during either every example explain
            explained explains expression first follow following found given group happen happens important include
            includes large least likely makes means missing module often other others passage people place point
            purpose question reason result right sentence several should shows small statement statements their there
            these thing things those three through under using usually value where which while within without would
            """
        ),
    ),
    "de": Vocabulary(
        absolute=_any(
            "immer(?! (?:mehr|wieder|noch|weiter|weniger|größer|kleiner|stärker))|niemals|nie|absolut|ausnahmslos"
            "|auf (?:jeden|keinen) fall|in (?:jedem|allen|keinem) f(?:all|ällen)|unter (?:allen|keinen) umständen"
        ),
        vague=_any(
            "meistens|meist|oft|häufig|manchmal|gelegentlich|selten|gewöhnlich|normalerweise|üblicherweise"
            "|möglicherweise|vielleicht|wahrscheinlich|in der regel|im allgemeinen|in (?:vielen|manchen) fällen"
            "|mehr oder weniger"
        ),
        asking=_any(r"welch\w+|^\W*(?:was|wer|wen|wem)|alle der|jede der|wähle\w*|nenne\w*|bestimme\w*|markiere\w*"),
        negation=_any(
            "[Nn]icht|[Kk]ein(?:e|er|es|en|em)?|[Aa]ußer|[Aa]usgenommen|[Ff]alsch(?:e|er|es|en)?|[Nn]ie|[Nn]iemals"
            "|[Aa]m wenigsten",
            case=True,
        ),
        correct=_any(
            "(?:richtige|korrekte|beste) (?:antwort|option|lösung)|(?:ist|sind) (?:also |daher |somit )?"
            "(?:richtig|korrekt)|antwort (?:ist|lautet)"
        ),
        incorrect=_any("nicht (?:richtig|korrekt|wahr)|falsch(?:e|er|es|en)?|unrichtig|inkorrekt|unwahr"),
        contrast=_any(
            r"nicht|kein\w*|sondern|statt\w*|während|aber|anders|verwechs\w+|falsch\w*|wäre\w*|würde\w*|jedoch|dagegen"
            r"|nur|hingegen|irr\w*|ohne|als|weder|andere\w*|vor|nach|erst"
        ),
        common=_words(
            """
            andere anderen anderer antwort aussage aussagen beispiel beschreibt besten dabei davon diese diesem diesen
            dieser dieses durch einem einen einer eines erklärt erste ersten fehlt folgende folgenden folgender frage
            gehört gibt grund haben heißt ihren immer können lektion macht meisten modul nennt richtig richtige satz
            sollte stelle teile text trifft unter warum welche welchem welchen welcher welches wenn werden wichtig
            wird worden worum wurde zuerst zwischen ausdruck begriff bedeutet
            """
        ),
    ),
    "es": Vocabulary(
        absolute=_any(
            "siempre(?! que)|nunca|jamás|absolutamente|totalmente|en todos los casos|sin excepción"
            "|bajo ninguna circunstancia|en cualquier caso|en ningún caso"
        ),
        vague=_any(
            "normalmente|generalmente|habitualmente|frecuentemente|ocasionalmente|raramente|probablemente|posiblemente"
            "|a menudo|a veces|con frecuencia|rara vez|en general|por lo general|quizás?|tal vez|más o menos"
            "|la mayoría de las veces|en (?:muchos|algunos) casos"
        ),
        asking=_any("cuál|cuáles|(?<!por )qué|quién|quiénes|todas las|todos los|elige|señala|indica|marca|escoge"),
        negation=_any(
            "[Nn]o|[Nn]unca|[Ee]xcepto|[Ss]alvo|[Mm]enos|[Ii]ncorrect[oa]s?|[Ff]als[oa]s?|[Nn]ingun[oa]|[Nn]ingún",
            case=True,
        ),
        correct=_any("(?:respuesta|opción) (?:correcta|es)|es (?:por tanto |la )?(?:correct[oa]|respuesta)"),
        incorrect=_any(
            "no es (?:la )?(?:correct[oa]|respuesta|verdader[oa])|incorrect[oa]s?|fals[oa]s?|erróne[oa]s?"
            "|equivocad[oa]s?"
        ),
        contrast=_any(
            r"no|sino|en vez|en lugar|mientras|pero|confund\w+|confusión|sería\w*|aunque|solo|sólo|otr[oa]s?|ni|sin"
            r"|contrario|fals[oa]|incorrect[oa]|antes|después|que"
        ),
        common=_words(
            """
            alguna alguno antes aquel cuando cuáles cuál correcta correcto debería describe donde durante ejemplo
            ejercicio entre estas estos explica explicación expresión falta forma frase gente hacer importante lección
            llama lugar mayor mejor menos mismo mucho módulo otras otros palabra parte pregunta primera primero punto
            quien razón respuesta resultado según siguiente siguientes sobre tiene término texto trata varias varios
            """
        ),
    ),
    "fr": Vocabulary(
        absolute=_any(
            "toujours|jamais|absolument|totalement|dans tous les cas|sans exception|en aucun cas"
            "|en toutes? circonstances?|quoi qu['’]il arrive"
        ),
        vague=_any(
            "souvent|parfois|généralement|habituellement|normalement|rarement|fréquemment|occasionnellement"
            "|probablement|peut-être|en général|la plupart du temps|de temps en temps|quelquefois|plus ou moins"
            "|dans (?:certains|beaucoup de) cas"
        ),
        asking=_any(
            r"quels?|quelles?|lequel|laquelle|lesquels|lesquelles|^\W*(?:qui|que)|qu['’]est-ce|tous les|toutes les"
            "|choisis|choisissez|indiquez|trouvez"
        ),
        negation=_any(
            "[Pp]as|[Jj]amais|[Ss]auf|[Ee]xcepté|[Aa]ucune?|[Ii]ncorrecte?s?|[Ff]ausses?|[Ff]aux|[Ii]nexacte?s?",
            case=True,
        ),
        correct=_any(
            "(?:bonne|meilleure) (?:réponse|option)|réponse (?:correcte|juste|est)|est (?:donc )?"
            "(?:correcte?|juste|exacte?)"
        ),
        incorrect=_any(
            "n['’]est pas (?:la |une )?(?:bonne|correcte?|juste|exacte?|vraie?)|incorrecte?s?|fausses?|faux|erronée?s?"
            "|inexacte?s?"
        ),
        contrast=_any(
            r"pas|ne|n['’]\w+|mais|plutôt|tandis|alors que|confond\w*|confusion|serait|seraient|seule?\w*|autres?"
            r"|cependant|contrairement|sans|ni|contraire|faux|fausse|avant|après|lieu|que"
        ),
        common=_words(
            """
            aucune autre autres avant avoir bonne cause celle celui cette chaque comment correcte dans depuis devrait
            décrit désigne endroit entre être exemple exercice explique expression faire forme groupe important leçon
            leurs manque meilleure module moins même parmi partie passage phrase place point première premier propos
            quand quelle quelles question quoi raison réponse résultat selon sont suivante suivantes suivants terme
            texte toutes utilise
            """
        ),
    ),
}
