"""The tutor's turn on a problem without a model: the step the ladder allows, in words that people wrote.

It names nothing of the answer unless the step is `reveal`. The tutor falls back on it when every draft of a model gave
the answer away.
"""

import re

from lyo_rt.language_models.guidance import Guidance, Problem, Step
from lyo_rt.language_models.tasks import TutorTask

GUIDE = "guide-1"
"""The version of these texts, as stored with an answer made of them."""

_STEPS: dict[str, dict[Step, tuple[str, ...]]] = {
    "en": {
        "diagnose": (
            "Let us look at it together: {question} What have you thought or tried so far?",
            "Before any hint: which part of this is clear to you, and where does it begin to blur?",
        ),
        "point": (
            ("One place to look is the passage of the lesson about “{title}”. Which idea in it bears on the question?"),
            "Read the question once more, word by word. Which word decides what kind of answer is wanted?",
        ),
        "narrow": (
            "Let us make it smaller. In the simplest case you can think of, what would happen, and why?",
            "Take one concrete example of your own. What do you see in it that helps with the question?",
        ),
        "contrast": (
            "Set your idea beside one of the other possibilities. What would have to be true for each of the two?",
            "Suppose your first idea were wrong. What would you expect to see instead?",
        ),
        "work": (
            (
                "Let us do it step by step: first say what is given, then what is asked. What is the step that leads "
                "from one to the other?"
            ),
            "You have most of it. Which rule or idea of the lesson have you not used yet?",
        ),
        "reveal": (
            (
                "You have made several real attempts, so here it is: {answer}. {solution} How would you explain in "
                "your own words why it is so?"
            ),
        ),
        "explain": (
            "Yes, that holds. Now the more important half: why is it so, in your own words?",
            "That is right. How would you convince somebody who believes something else?",
        ),
        "vary": (
            (
                "Now that you have seen the answer, try the idea on a new case. Which example of your own would work "
                "in the same way?"
            ),
        ),
        "close": (
            (
                "You found the answer and you gave the reason: that is understanding. What would you like to take up "
                "next?"
            ),
        ),
    },
    "de": {
        "diagnose": (
            "Schauen wir es gemeinsam an: {question} Was hast du dir dazu schon überlegt oder versucht?",
            "Vor jedem Hinweis: Welcher Teil davon ist dir klar, und wo wird es unscharf?",
        ),
        "point": (
            (
                "Ein guter Ort zum Nachsehen ist der Abschnitt der Lektion über „{title}“. Welcher Gedanke darin "
                "betrifft die Frage?"
            ),
            ("Lies die Frage noch einmal, Wort für Wort. Welches Wort entscheidet, was für eine Antwort gesucht ist?"),
        ),
        "narrow": (
            "Machen wir es kleiner. Was geschähe im einfachsten Fall, der dir einfällt, und warum?",
            "Nimm ein eigenes, konkretes Beispiel. Was siehst du darin, das bei der Frage hilft?",
        ),
        "contrast": (
            "Stell deinen Gedanken neben eine der anderen Möglichkeiten. Was müsste jeweils wahr sein?",
            "Angenommen, dein erster Gedanke wäre falsch. Was würdest du dann stattdessen erwarten?",
        ),
        "work": (
            (
                "Gehen wir Schritt für Schritt vor: erst, was gegeben ist, dann, was gefragt ist. Welcher Schritt "
                "führt vom einen zum anderen?"
            ),
            "Das meiste hast du. Welche Regel oder Idee der Lektion hast du noch nicht benutzt?",
        ),
        "reveal": (
            (
                "Du hast es mehrmals ernsthaft versucht, also hier: {answer}. {solution} Wie würdest du in eigenen "
                "Worten erklären, warum das so ist?"
            ),
        ),
        "explain": (
            "Ja, das stimmt. Jetzt die wichtigere Hälfte: Warum ist das so, in deinen eigenen Worten?",
            "Das ist richtig. Wie würdest du jemanden überzeugen, der etwas anderes glaubt?",
        ),
        "vary": (
            (
                "Nachdem du die Antwort gesehen hast, probiere den Gedanken an einem neuen Fall. Welches eigene "
                "Beispiel ginge genauso?"
            ),
        ),
        "close": (
            ("Du hast die Antwort gefunden und begründet: Das ist Verstehen. Was möchtest du als Nächstes aufnehmen?"),
        ),
    },
    "es": {
        "diagnose": (
            "Veámoslo juntos: {question} ¿Qué has pensado o intentado hasta ahora?",
            "Antes de cualquier pista: ¿qué parte te resulta clara y dónde empieza a enturbiarse?",
        ),
        "point": (
            (
                "Un buen lugar para mirar es el pasaje de la lección sobre «{title}». ¿Qué idea de allí toca la "
                "pregunta?"
            ),
            "Lee la pregunta otra vez, palabra por palabra. ¿Qué palabra decide qué tipo de respuesta se busca?",
        ),
        "narrow": (
            "Hagámoslo más pequeño. En el caso más sencillo que se te ocurra, ¿qué pasaría y por qué?",
            "Toma un ejemplo concreto tuyo. ¿Qué ves en él que ayude con la pregunta?",
        ),
        "contrast": (
            "Pon tu idea al lado de otra de las posibilidades. ¿Qué tendría que ser cierto en cada una?",
            "Supón que tu primera idea fuera falsa. ¿Qué esperarías ver entonces?",
        ),
        "work": (
            "Vamos paso a paso: primero lo que se da, luego lo que se pide. ¿Qué paso lleva de lo uno a lo otro?",
            "Ya tienes casi todo. ¿Qué regla o idea de la lección no has usado todavía?",
        ),
        "reveal": (
            (
                "Lo has intentado de verdad varias veces, así que aquí está: {answer}. {solution} ¿Cómo explicarías "
                "con tus palabras por qué es así?"
            ),
        ),
        "explain": (
            "Sí, eso es. Ahora la mitad más importante: ¿por qué es así, con tus propias palabras?",
            "Correcto. ¿Cómo convencerías a alguien que cree otra cosa?",
        ),
        "vary": (
            ("Ahora que has visto la respuesta, prueba la idea en un caso nuevo. ¿Qué ejemplo tuyo funcionaría igual?"),
        ),
        "close": ("Encontraste la respuesta y diste la razón: eso es comprender. ¿Qué te gustaría abordar ahora?",),
    },
    "fr": {
        "diagnose": (
            "Regardons ensemble : {question} Qu'as-tu déjà pensé ou essayé ?",
            "Avant tout indice : quelle partie est claire pour toi, et où cela devient-il flou ?",
        ),
        "point": (
            (
                "Un bon endroit où regarder est le passage de la leçon sur « {title} ». Quelle idée y touche la "
                "question ?"
            ),
            "Relis la question mot à mot. Quel mot décide du genre de réponse attendue ?",
        ),
        "narrow": (
            (
                "Faisons plus petit. Dans le cas le plus simple que tu puisses imaginer, que se passerait-il, et "
                "pourquoi ?"
            ),
            "Prends un exemple concret à toi. Qu'y vois-tu qui aide pour la question ?",
        ),
        "contrast": (
            "Mets ton idée à côté d'une autre possibilité. Que faudrait-il qui soit vrai pour chacune ?",
            "Suppose que ta première idée soit fausse. Qu'attendrais-tu de voir à la place ?",
        ),
        "work": (
            (
                "Avançons pas à pas : d'abord ce qui est donné, puis ce qui est demandé. Quel pas mène de l'un à "
                "l'autre ?"
            ),
            "Tu as presque tout. Quelle règle ou idée de la leçon n'as-tu pas encore utilisée ?",
        ),
        "reveal": (
            (
                "Tu as vraiment essayé plusieurs fois, alors voici : {answer}. {solution} Comment expliquerais-tu "
                "avec tes mots pourquoi c'est ainsi ?"
            ),
        ),
        "explain": (
            (
                "Oui, c'est cela. Maintenant la moitié la plus importante : pourquoi est-ce ainsi, avec tes propres "
                "mots ?"
            ),
            "C'est juste. Comment convaincrais-tu quelqu'un qui croit autre chose ?",
        ),
        "vary": (
            (
                "Maintenant que tu as vu la réponse, essaie l'idée sur un nouveau cas. Quel exemple à toi marcherait "
                "de la même façon ?"
            ),
        ),
        "close": (
            (
                "Tu as trouvé la réponse et donné la raison : c'est cela, comprendre. Que voudrais-tu aborder "
                "maintenant ?"
            ),
        ),
    },
}

_LEFT = {
    "en": "That is off our subject, so let us come back to it.",
    "de": "Das gehört nicht zu unserem Thema, kommen wir darauf zurück.",
    "es": "Eso se sale de nuestro tema; volvamos a él.",
    "fr": "Cela sort de notre sujet ; revenons-y.",
}


def is_guided(guidance: Guidance) -> bool:
    """Whether the problem decides the turn. A hint is better taken from the text, next to what the learner said."""
    return guidance.step in ("reveal", "explain", "vary", "close")


def guiding_turn(task: TutorTask) -> str | None:
    """The turn on the problem at hand; None without a problem. What was said before is not said again if possible."""
    problem = task.guidance.problem
    if problem is None:
        return None
    ways = _STEPS[_spoken(task.locale)][task.guidance.step]
    said = [turn.text for turn in task.turns if turn.role == "assistant"]
    facts = {
        "question": _quotable(problem),
        "title": task.resource_title,
        "answer": problem.answer.rstrip("."),
        "solution": re.sub(r"[?？]", ".", problem.solution),
    }
    turns = [" ".join(way.format(**facts).split()) for way in ways]
    fresh = [turn for turn in turns if not any(turn in text for text in said)]
    return led_back(task, (fresh or turns)[0])


def led_back(task: TutorTask, text: str) -> str:
    """The turn, with one sentence before it for a learner who has just left the subject."""
    return f"{_LEFT[_spoken(task.locale)]} {text}" if task.guidance.subject == "left" else text


def _spoken(locale: str) -> str:
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in _STEPS else "en"


def _quotable(problem: Problem) -> str:
    """The question as a quotation: the turn's own question is to be its only one."""
    return "“" + " ".join(problem.question.split())[:300].rstrip("?？ ") + "”."
