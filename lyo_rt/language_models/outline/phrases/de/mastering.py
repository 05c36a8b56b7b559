"""German: the last four stages of the way into a subject."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Stage, StageName

MASTERING: dict[StageName, Stage] = {
    "practice": Stage(
        title="Ausprobieren",
        summary="Vom ersten eigenen Versuch zu den Fehlern, die zu kennen sich lohnt.",
        objective="Eine einfache Aufgabe aus {topic} selbst lösen und das Ergebnis prüfen",
        lessons=(
            Guide(
                title="Ein erster eigener Versuch",
                focus="Eine kleine Aufgabe ohne Vorlage von Anfang bis Ende bearbeiten.",
                opening=(
                    "Irgendwann muss aus dem Lesen über {topic} ein Tun werden. Wählen Sie eine Aufgabe, die fast zu "
                    "leicht wirkt; sie wird Ihnen trotzdem etwas beibringen."
                ),
                questions=(
                    "Welche Aufgabe zu {topic} lässt sich in zwanzig Minuten beenden?",
                    ("Woran erkennen Sie, dass das Ergebnis stimmt, bevor Sie eine Lösung ansehen?"),
                    "Was mussten Sie unterwegs raten?",
                ),
                look_for=(
                    "Aufgabensammlungen mit Lösungen",
                    ("der Unterschied zwischen Ihrem Weg und dem gedruckten, auch wenn beide Ergebnisse stimmen"),
                ),
                exercise="Zwanzig Minuten",
                instructions=(
                    "Stellen Sie einen Wecker auf zwanzig Minuten und bearbeiten Sie eine Aufgabe aus {topic}. "
                    "Schreiben Sie jede Entscheidung auf. Vergleichen Sie erst dann mit einer Lösung und markieren "
                    "Sie, wo die Wege sich trennen."
                ),
            ),
            Guide(
                title="Fehler, die man kennen sollte",
                focus="Typische Fehler finden, und was jeden von ihnen verlockend macht.",
                opening=(
                    "Niemand macht zufällige Fehler. Hinter den meisten steht ein Gedanke, der anderswo richtig ist. "
                    "Wer ihn kennt, vermeidet den Fehler."
                ),
                questions=(
                    "Vor welchem Fehler warnen Quellen zu {topic} immer wieder?",
                    "In welcher Lage wäre der Gedanke dahinter richtig?",
                    "An welchem Zeichen können Sie ihn in der eigenen Arbeit erkennen?",
                ),
                look_for=(
                    "Abschnitte mit Titeln wie „Häufige Fehler“ oder „Missverständnisse“",
                    "Fragen von Anfängern in Foren und die geduldigen Antworten darauf",
                ),
                exercise="Ein Fehler mit Absicht",
                instructions=(
                    "Schreiben Sie eine kurze Lösung zu einer Aufgabe aus {topic}, in der ein typischer Fehler "
                    "steckt. Legen Sie sie einen Tag weg, finden Sie ihn dann wieder und schreiben Sie die "
                    "Berichtigung wie für einen Freund."
                ),
            ),
        ),
        check=Check(
            question="Ihr Ergebnis weicht von der gedruckten Lösung ab. Was tun Sie zuerst?",
            options=(
                "Beide Schritt für Schritt durchgehen und den ersten Unterschied suchen",
                "Die gedruckte Lösung sauber abschreiben und zur nächsten Aufgabe gehen",
                "Annehmen, dass die Lösung einen Druckfehler enthält, und weitermachen",
                "Die Aufgabe auf demselben Weg noch einmal von vorn beginnen",
            ),
            explanation=("Der erste Unterschied zeigt, wo sich das Denken getrennt hat; dort gibt es etwas zu lernen."),
        ),
    ),
    "connections": Stage(
        title="Verbindungen",
        summary="Was das Thema mit Dingen zu tun hat, die Ihnen wichtig sind.",
        objective="Zwei Verbindungen zwischen {topic} und anderen Gebieten mit Beispielen nennen",
        lessons=(
            Guide(
                title="{topic} trifft: {interest}",
                focus="Eine Stelle finden, an der das Thema dort wirklich vorkommt.",
                opening=(
                    "Stichwort „{interest}“: Irgendwo darin ist {topic} am Werk, offen oder unter anderem Namen. "
                    "Finden Sie die Stelle."
                ),
                questions=(
                    "Wo entscheidet dort jemand etwas mit Hilfe von {topic}?",
                    "Was würde man ohne dieses Wissen anders machen?",
                    "Mit welchen Begriffen von Ihren Karten können Sie es beschreiben?",
                ),
                look_for=(
                    "Seiten, die „{topic}“ und „{interest}“ in einem Satz nennen",
                    "ein Beispiel, das genau genug ist, um es nachzuerzählen",
                ),
                exercise="Eine Seite für Begeisterte",
                instructions=(
                    "Schreiben Sie eine halbe Seite für jemanden, der für „{interest}“ schwärmt und von {topic} nie "
                    "gehört hat: ein Beispiel, zwei Begriffe, eine offene Frage."
                ),
            ),
            Guide(
                title="Ein Vergleich mit: {interest}",
                focus="Einen Vergleich ziehen und herausfinden, wo er nicht mehr trägt.",
                opening=(
                    "Vergleiche sind Brücken: Sie tragen, bis sie brechen. Einer von „{interest}“ zu {topic} zeigt "
                    "Ihnen Ähnlichkeit und Grenze zugleich."
                ),
                questions=(
                    "Was verhält sich dort wie ein zentraler Teil von {topic}?",
                    "Was entspricht einander, Stück für Stück?",
                    "An welcher Stelle führt der Vergleich in die Irre?",
                ),
                look_for=(
                    "Vergleiche, die Lehrende verwenden, und die Warnungen dazu",
                    "Eigenschaften, die es nur auf einer Seite gibt",
                ),
                exercise="Zwei Spalten",
                instructions=(
                    "Legen Sie eine Tabelle an: links „{interest}“, rechts {topic}. Füllen Sie fünf Zeilen mit "
                    "Entsprechungen und eine sechste mit der Stelle, an der der Vergleich scheitert."
                ),
            ),
        ),
        check=Check(
            question="Was macht einen Vergleich für das Lernen nützlich?",
            options=(
                "Man kann sagen, was einander entspricht und wo er aufhört zu gelten",
                "Er ist so lustig, dass man ihn sich ohne jede weitere Mühe merkt",
                "Er ersetzt die Fachwörter, sodass man sie nicht mehr braucht",
                "Er stammt aus einem Gebiet, von dem man noch gar nichts weiß",
            ),
            explanation=(
                "Ein Vergleich lehrt durch seine Teile und seine Grenze; als Ganzes genommen führt er in die Irre."
            ),
        ),
    ),
    "limits": Stage(
        title="Grenzen und offene Fragen",
        summary="Was das Thema nicht leistet, was umstritten ist und wie verlässlich die Quellen sind.",
        objective="Beurteilen, wie verlässlich eine Aussage über {topic} ist",
        lessons=(
            Guide(
                title="Was {topic} nicht kann",
                focus="Die Bedingungen finden, unter denen die Gedanken des Themas nicht mehr gelten.",
                opening=("Ein Werkzeug beherrscht, wer weiß, wann es in der Kiste bleibt. Wo endet {topic}?"),
                questions=(
                    "Welche Bedingungen setzen die meisten Erklärungen stillschweigend voraus?",
                    "Welches Beispiel passt nicht, und wie gehen die Quellen damit um?",
                    "Worüber sind sich die Fachleute uneinig?",
                ),
                look_for=(
                    "Abschnitte mit Titeln wie „Kritik“, „Grenzen“ oder „offene Probleme“",
                    "kleine Wörter: meist, ungefähr, unter der Annahme, dass",
                ),
                exercise="Das Gegenbeispiel",
                instructions=(
                    "Nehmen Sie eine Regel aus {topic} und suchen Sie einen Fall, in dem sie versagt. Beschreiben "
                    "Sie in fünf Sätzen, was in diesem Fall anders ist."
                ),
            ),
            Guide(
                title="Quellen abwägen",
                focus="Eine Behauptung prüfen, indem man zu ihrem Ursprung zurückgeht.",
                opening=(
                    "Vieles über {topic} ist so oft abgeschrieben worden, dass niemand mehr fragt, woher es stammt. "
                    "Sie fragen, ein einziges Mal, bis zum Ende."
                ),
                questions=(
                    "Wer sagt es, wann, und worauf gestützt?",
                    "Steht das in der genannten Quelle wirklich?",
                    "Wem würde es nützen, wenn man es glaubte?",
                ),
                look_for=(
                    "Fußnoten und Verweise: Verfolgen Sie einen bis ans Ende",
                    "das Datum: Hat seitdem noch einmal jemand nachgesehen?",
                ),
                exercise="Eine Behauptung, drei Stationen",
                instructions=(
                    "Wählen Sie eine Behauptung über {topic} mit einer Zahl oder einem Superlativ. Verfolgen Sie sie "
                    "über drei Quellen zurück und notieren Sie an jeder Station, wie sich der Wortlaut verändert."
                ),
            ),
        ),
        check=Check(
            question=(
                "Eine Seite behauptet etwas Auffälliges und nennt eine Studie. Was zeigt am besten, ob es stimmt?"
            ),
            options=(
                "Die Studie aufsuchen und lesen, was sie wirklich untersucht hat",
                "Zählen, wie viele andere Seiten genau dasselbe wiederholen",
                "Prüfen, ob die Seite gut gestaltet und leicht zu lesen ist",
                "Überlegen, ob es mit dem übereinstimmt, was man erwartet hat",
            ),
            explanation=(
                "Nur der Ursprung zeigt, was gefunden wurde; Wiederholung, Gestaltung und Erwartung beweisen nichts."
            ),
        ),
    ),
    "review": Stage(
        title="Rückschau und Ausblick",
        summary="Ohne Notizen erinnern, das Gelernte weitergeben, den nächsten Schritt planen.",
        objective="{topic} aus dem Gedächtnis darstellen und sagen, was Sie als Nächstes lernen wollen",
        lessons=(
            Guide(
                title="Aus dem Gedächtnis",
                focus="Ohne Notizen erinnern, dann die Lücken gezielt schließen.",
                opening=(
                    "Räumen Sie alles weg. Was jetzt noch da ist, gehört Ihnen; die Lücken sind der beste Wegweiser "
                    "dafür, was noch einmal zu lesen ist."
                ),
                questions=(
                    "Welche Begriffe aus {topic} können Sie erklären, ohne nachzusehen?",
                    ("Wie sieht die Karte aus dem ersten Modul aus, wenn Sie sie jetzt noch einmal zeichnen?"),
                    "Welche Ihrer fünf Fragen können Sie beantworten?",
                ),
                look_for=(
                    "was auf der neuen Karte im Vergleich zur alten fehlt",
                    "Stellen, die Sie zu kennen glaubten und doch nicht wiedergeben konnten",
                ),
                exercise="Das leere Blatt",
                instructions=(
                    "Füllen Sie in zehn Minuten ein leeres Blatt zu {topic}, ohne Notizen. Ergänzen Sie in anderer "
                    "Farbe, was fehlte. Wiederholen Sie es in drei Tagen, nur mit der Farbe."
                ),
            ),
            Guide(
                title="Weitergeben",
                focus="Einen Teil des Themas lehren und planen, wie es weitergeht.",
                opening=(
                    "Wer lehrt, lernt zweimal: beim Vorbereiten und noch einmal bei der ersten Frage aus dem Publikum."
                ),
                questions=(
                    "Welcher Teil von {topic} ist fünf Minuten im Gespräch mit Freunden wert?",
                    "Welche Frage wird kommen, und was sagen Sie dazu?",
                    "Was möchten Sie als Nächstes können?",
                ),
                look_for=(
                    "ein Kurs oder Buch, das dort beginnt, wo dieser Plan endet",
                    "Menschen, die mit {topic} zu tun haben: Vereine, Foren, Vorträge",
                ),
                exercise="Fünf Minuten",
                instructions=(
                    "Erklären Sie jemandem in fünf Minuten einen Teil von {topic}. Notieren Sie die erste Frage, die "
                    "gestellt wird. Schreiben Sie Ihr nächstes Ziel mit einem Datum auf."
                ),
            ),
        ),
        check=Check(
            question="Wodurch bleibt vom Gelernten am meisten?",
            options=(
                "Es mehrmals ohne Notizen erinnern, mit Tagen dazwischen",
                "Am Ende alle Notizen an einem langen Abend noch einmal lesen",
                "Die Notizen sauber in ein zweites, besseres Heft übertragen",
                "Sofort mit einem neuen Thema beginnen, um im Tempo zu bleiben",
            ),
            explanation=("Erinnern mit Pausen stärkt das Gedächtnis; erneutes Lesen macht den Text nur vertraut."),
        ),
    ),
}
