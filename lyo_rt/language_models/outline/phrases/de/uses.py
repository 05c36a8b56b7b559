"""German: code, quizzes, recommendations."""

from lyo_rt.language_models.outline.phrases.shape import Advice, CodePhrases, QuizPhrases

CODE = CodePhrases(
    opening="Das ist {language}, {lines} Zeilen.",
    defines="Definiert wird: {names}.",
    defines_nothing="Eigene Definitionen gibt es nicht: Die Zeilen laufen von oben nach unten.",
    no_meaning=("Das hier entstand ohne Sprachmodell: Es zeigt, wie der Code gebaut ist, nicht, was er bedeutet."),
    no_answer="Deine Frage bleibt deshalb offen.",
    unread=(
        "{lines} Zeilen. Ihre Sprache wird hier nicht gelesen oder ist nicht zu erkennen; deshalb wird nichts darüber "
        "gesagt. Nenne die Sprache, oder frag noch einmal, wenn ein Sprachmodell da ist."
    ),
    imports="Holt herein, was anderswo steht: {code}.",
    definition="Hier wird `{name}` definiert.",
    inside="Darin stehen {names}.",
    loose="Läuft außerhalb jeder Definition.",
    comment="Ein Kommentar sagt: „{text}“",
    flow={
        "loop": "Etwas wird wiederholt (Zeile {lines}).",
        "branch": "Der Weg teilt sich an einer Bedingung (Zeile {lines}).",
        "error": "Fehler werden gemeldet oder behandelt (Zeile {lines}).",
        "leave": "Ein Wert wird zurückgegeben, oder der Block wird vorzeitig verlassen (Zeile {lines}).",
    },
    terms={
        "definition": ("Definition", "Gibt einem Stück Code einen Namen, unter dem es anderswo benutzt werden kann."),
        "loop": ("Schleife", "Lässt dieselben Zeilen noch einmal laufen, für mehrere Werte oder solange etwas gilt."),
        "branch": ("Verzweigung", "Zeilen, die nur laufen, wenn eine Bedingung gilt."),
        "error": ("Ausnahme", "So sagt Code, dass es nicht weitergeht, und so geht anderer Code damit um."),
        "leave": ("Rückgabe", "Beendet eine Funktion; der Wert dahinter geht dorthin, wo sie aufgerufen wurde."),
        "import": ("Import", "Macht Namen aus einer anderen Datei oder Bibliothek hier benutzbar."),
    },
    ask_definition="Was braucht `{name}`, und was gibt es zurück? Rechne es an einem eigenen Beispiel durch.",
    ask_flow={
        "loop": "Wie oft läuft die Schleife in Zeile {line}, und was hält sie an?",
        "branch": "Welche Werte führen in den Zweig in Zeile {line} hinein, und welche daran vorbei?",
        "error": "Was müsste geschehen, damit Zeile {line} eine Rolle spielt?",
    },
    ask_trace="Geh die Zeilen mit dem Stift durch: Welcher Name hat nach jeder von ihnen welchen Wert?",
    ask_language="Welche Programmiersprache ist das, und woran erkennst du sie?",
)

QUIZ = QuizPhrases(
    true="Richtig",
    false="Falsch",
    name="Welcher Ausdruck aus dem Text gehört in die Lücke? „{sentence}“",
    output="Was zeigt dieses Programm an?",
    output_explanation="Im Text steht diese Ausgabe: {output}",
)

ADVICE = Advice(
    shares=(
        "Er greift „{term}“ auf, womit du dich schon beschäftigt hast.",
        "Er führt „{term}“ weiter, eines deiner Themen.",
        "An „{term}“ hast du gearbeitet, und auch dieser Kurs handelt davon.",
    ),
    level="Er passt zu deinem Niveau, und nichts, was du gelernt hast, liegt nahe daran.",
    language="Er ist in deiner Sprache, und nichts, was du gelernt hast, liegt nahe daran.",
)
