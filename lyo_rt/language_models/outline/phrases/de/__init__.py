"""German."""

from lyo_rt.language_models.outline.phrases.de.entering import ENTERING
from lyo_rt.language_models.outline.phrases.de.mastering import MASTERING
from lyo_rt.language_models.outline.phrases.de.uses import ADVICE, CODE, QUIZ
from lyo_rt.language_models.outline.phrases.shape import Phrases, Reading, Structure

PHRASES = Phrases(
    language="de",
    title="{topic}: ein Lernweg",
    description=(
        "Ein Lernweg zu „{topic}“ in {modules} Modulen. Er ist ohne Sprachmodell entstanden: Er fragt, verweist auf "
        "offene Quellen und stellt Aufgaben; die Fakten überlässt er diesen Quellen."
    ),
    prerequisite="Die Grundbegriffe von {topic}",
    everyday=(
        "Alltag",
        "ein Nachbarfach",
    ),
    guiding_questions="Leitfragen",
    look_for="Worauf Sie achten sollten",
    how_to_work="So arbeiten Sie",
    where_to_look="Wo Sie suchen können",
    assessment_title="Überprüfung: {module}",
    search_title="{source}: Suche nach „{query}“",
    definition=(
        ("Von Ihnen zu klären: Suchen Sie „{term}“ in einer der Quellen und fassen Sie die Bedeutung in einen Satz."),
        ("Sammeln Sie zwei Definitionen von „{term}“ und notieren Sie, was beide gemeinsam haben."),
        "Schreiben Sie auf, was „{term}“ umfasst, und eine Sache, die nicht dazugehört.",
        "Erklären Sie „{term}“ an einem eigenen Beispiel, sobald Sie darüber gelesen haben.",
    ),
    levels={
        "beginner": "Beginnen Sie mit einem Lexikonartikel; eine gute Quelle reicht für diese Lektion.",
        "intermediate": "Nehmen Sie zwei Quellen verschiedener Art und notieren Sie, wo sie sich unterscheiden.",
        "advanced": (
            "Gehen Sie zu einer Primärquelle oder einem Übersichtsartikel und prüfen Sie, worauf die Aussagen beruhen."
        ),
    },
    styles={
        "visual": (
            "Halten Sie eine Seite für Skizzen frei: Jede Antwort bekommt eine kleine Zeichnung, ein Pfeilbild oder "
            "eine Tabelle."
        ),
        "auditory": ("Sprechen Sie jede Antwort laut aus oder nehmen Sie sie auf, bevor Sie etwas aufschreiben."),
        "kinesthetic": (
            "Arbeiten Sie im Stehen oder mit Karten, die Sie verschieben; spielen Sie einen Gedanken durch, wo es geht."
        ),
        "hands_on": (
            "Probieren Sie zuerst etwas aus, wie klein auch immer, und lesen Sie danach, warum es so verlief."
        ),
        "reading_writing": (
            "Schreiben Sie jede Antwort in ganzen Sätzen und notieren Sie den besten Satz jeder Quelle mit Fundstelle."
        ),
    },
    stages={**ENTERING, **MASTERING},
    reading=Reading(
        description=(
            "Ein Kurs durch den Text, den Sie gegeben haben, in {modules} Modulen. Er ist ohne Sprachmodell "
            "entstanden: Abschnitte, Begriffe und Fragen stammen aus dem Text selbst."
        ),
        module_summary="In diesem Teil geht es um: {terms}.",
        objective="Mit eigenen Worten sagen, was der Text zu „{term}“ sagt",
        focus="Der Abschnitt, der so beginnt: „{sentence}“",
        summary="Sie lesen den Abschnitt zu {terms} und können seine Hauptpunkte wiedergeben.",
        passage="Der Abschnitt",
        main_points="Hauptpunkte",
        questions_heading="Fragen zum Lesen",
        questions=(
            "Was sagt der Abschnitt zu „{term}“, in Ihren eigenen Worten?",
            "Wie gehören „{term}“ und „{other}“ hier zusammen?",
            "Welcher Satz würde Ihnen am meisten fehlen, wenn er gestrichen würde?",
            "Was setzt der Autor bei „{term}“ als bekannt voraus?",
            "Wo würden Sie um ein Beispiel oder einen Beleg bitten?",
        ),
        quoting=(
            "Im Text steht: „{sentence}“ Warum ist das nach dem Text so?",
            "Nimm diese Zeile: „{sentence}“ Was wäre anders, wenn sie nicht stimmte?",
        ),
        definition="Im Text: „{sentence}“",
        exercise=(
            "Wiedergeben",
            "Zurückfragen",
            "Je ein Satz",
            "Zeichnen",
        ),
        instructions=(
            (
                "Decken Sie den Abschnitt ab und schreiben Sie in vier Sätzen auf, was er zu „{term}“ sagt. Decken "
                "Sie ihn auf und ergänzen Sie, was fehlt."
            ),
            (
                "Schreiben Sie drei Fragen auf, die der Abschnitt beantwortet, eine davon zu „{term}“. Beantworten "
                "Sie sie morgen, ohne nachzusehen."
            ),
            (
                "Kürzen Sie jeden Absatz auf einen Satz von höchstens fünfzehn Wörtern. In einem davon muss „{term}“ "
                "vorkommen."
            ),
            (
                "Zeichnen Sie, wie „{term}“ und „{other}“ nach dem Abschnitt zusammenhängen, und beschriften Sie "
                "jeden Pfeil mit einem Verb aus dem Text."
            ),
        ),
        cloze="Welcher Ausdruck fehlt? „{sentence}“",
        cloze_explanation="Im Text steht: „{sentence}“",
        which_term="Welcher Begriff wird so erklärt: „{definition}“",
    ),
    structure=Structure(
        focus="Worum geht es in der Lektion „{title}“?",
        exercise="Welche Übung gehört zur Lektion „{title}“?",
        objective="Welches Ziel gehört zum Modul „{title}“?",
        explanation="So steht es im Plan dieses Moduls.",
    ),
    code=CODE,
    quiz=QUIZ,
    advice=ADVICE,
)
