"""German."""

from lyo_rt.language_models.outline.phrases.de.entering import ENTERING
from lyo_rt.language_models.outline.phrases.de.mastering import MASTERING
from lyo_rt.language_models.outline.phrases.de.uses import ADVICE, CODE, QUIZ
from lyo_rt.language_models.outline.phrases.shape import Phrases, Reading, Structure, Tutoring

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
    tutoring=Tutoring(
        that="das",
        stuck_words=(
            "weiß nicht",
            "weiss nicht",
            "weiß es nicht",
            "keine ahnung",
            "nicht sicher",
            "verstehe nicht",
            "versteh nicht",
            "verstehe das nicht",
            "verstehe es nicht",
            "komme nicht weiter",
            "hilf mir",
            "helfen sie mir",
        ),
        asks=(
            (
                "Sie fragen nach „{term}“. Im Text steht ein Satz, der dem nahekommt: „{sentence}“ Welcher Teil "
                "davon hat mit Ihrer Frage zu tun?"
            ),
            (
                "Gut, dass Sie fragen. Sehen Sie sich diese Zeile an: „{sentence}“ Was sagt sie Ihnen, in eigenen "
                "Worten, über „{term}“?"
            ),
            (
                "Bleiben wir einen Augenblick bei „{term}“. Der Text sagt: „{sentence}“ Was wäre anders, wenn das "
                "nicht so wäre?"
            ),
        ),
        stuck=(
            (
                "Hier lohnt es sich, langsamer zu werden. Lesen Sie nur diesen Satz: „{sentence}“ Welches Wort darin "
                "müssten Sie jemand anderem zuerst erklären?"
            ),
            (
                "Dann machen wir einen kleineren Schritt. Hier ist eine Zeile aus dem Text: „{sentence}“ Was ist das "
                "eine darin, dessen Sie sicher sind?"
            ),
            (
                "Das macht nichts; genau hier lernt man. „{sentence}“ Welches Beispiel dafür haben Sie selbst schon "
                "gesehen?"
            ),
        ),
        says=(
            (
                "Sie bringen „{term}“ ins Spiel. Halten Sie das neben diese Zeile: „{sentence}“ Was an Ihrem "
                "Gedanken stimmt damit überein, und was noch nicht?"
            ),
            (
                "An dem, was Sie über „{term}“ sagen, ist etwas dran. Der Text drückt es so aus: „{sentence}“ Wie "
                "würden Sie es begründen?"
            ),
            (
                "Prüfen wir das. Der Text sagt: „{sentence}“ In welchem Fall würde Ihre Aussage über „{term}“ nicht "
                "mehr gelten?"
            ),
        ),
        asks_freely=(
            ("Sie fragen nach „{term}“. Was wissen Sie schon darüber, wovon Sie ausgehen könnten?"),
            (
                "Grenzen wir es ein. Wenn Sie „{term}“ an einem einzigen Beispiel erklären müssten, welches würden "
                "Sie nehmen?"
            ),
            "Angenommen, „{term}“ wäre ganz anders. Was würden Sie zuerst bemerken?",
        ),
        stuck_freely=(
            (
                "Dann machen wir den Schritt kleiner. Über welches einzelne Wort der Aufgabe möchten Sie zuerst "
                "Klarheit?"
            ),
            ("Das ist in Ordnung. Welches war die letzte Stelle, an der Sie sich noch sicher waren?"),
            "Nehmen Sie den einfachsten Fall, der Ihnen einfällt. Was geschieht darin?",
        ),
        says_freely=(
            "Sie bringen „{term}“ ins Spiel. Was bringt Sie darauf?",
            ("Prüfen wir, was Sie über „{term}“ sagen. Fällt Ihnen ein Fall ein, in dem es nicht stimmen würde?"),
            ("Nehmen Sie das mit dem zusammen, was Sie vorher gesagt haben. Was folgt daraus für „{term}“?"),
        ),
    ),
    code=CODE,
    quiz=QUIZ,
    advice=ADVICE,
)
