"""German: the first four stages of the way into a subject."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Stage, StageName

ENTERING: dict[StageName, Stage] = {
    "orientation": Stage(
        title="Sich zurechtfinden",
        summary="Worum es geht, wo das Thema vorkommt und was Sie schon mitbringen.",
        objective="In wenigen Sätzen beschreiben, womit sich {topic} befasst",
        lessons=(
            Guide(
                title="Eine erste Karte: {topic}",
                focus="Einen Überblick gewinnen: die Teile des Themas und ihr Zusammenhang.",
                opening=(
                    "Bevor Sie eine Zeile lesen: Was fällt Ihnen zu „{topic}“ ein? Genau daran wird das Neue haften "
                    "bleiben. Diese Lektion macht daraus eine erste Karte."
                ),
                questions=(
                    "Welche Frage will {topic} beantworten, und für wen?",
                    "In welche drei bis fünf Teile gliedern Übersichten das Thema meist?",
                    "Welcher dieser Teile hat Sie überrascht?",
                ),
                look_for=(
                    "der erste Absatz eines Lexikonartikels: Was nennt er vor allem anderen?",
                    ("das Inhaltsverzeichnis eines Lehrbuchs: eine Karte, die schon jemand gezeichnet hat"),
                ),
                exercise="Die Karte zeichnen",
                instructions=(
                    "Schreiben Sie {topic} in die Mitte eines Blattes. Darum herum kommen die gefundenen Teile, "
                    "durch Linien verbunden; an jede Linie schreiben Sie, warum beides zusammengehört. Markieren "
                    "Sie, was Sie noch nicht erklären können."
                ),
            ),
            Guide(
                title="Wo {topic} vorkommt",
                focus="Orte finden, an denen das Thema eine Rolle spielt, und eigene Fragen sammeln.",
                opening=(
                    "In ein Thema kommt man leichter durch eine Tür, die man ohnehin benutzt. Suchen Sie die "
                    "Stellen, an denen {topic} ungefragt auftaucht: bei der Arbeit, in den Nachrichten, in der "
                    "Freizeit."
                ),
                questions=(
                    "Wo ist Ihnen {topic} zuletzt begegnet, ohne dass es so hieß?",
                    "Wer hat täglich damit zu tun, und was ginge ohne dieses Wissen nicht?",
                    "Was möchten Sie am Ende dieses Kurses können?",
                ),
                look_for=(
                    "Beispiele mit Ort, Person oder Zahl: Sie lassen sich prüfen",
                    "Wörter, die immer wiederkehren; sie gehören ins nächste Modul",
                ),
                exercise="Fünf Fragen",
                instructions=(
                    "Schreiben Sie fünf eigene Fragen zu {topic} auf, von der einfachsten bis zu der, die Sie sich "
                    "kaum zu stellen trauen. Heben Sie das Blatt auf: Das letzte Modul kommt darauf zurück."
                ),
            ),
        ),
        check=Check(
            question=(
                "Sie öffnen einen langen Artikel zu einem Thema, das Ihnen neu ist. Was hilft am Anfang am meisten?"
            ),
            options=(
                "Einleitung und Überschriften lesen, um die Gliederung zu erkennen",
                "Jeden Satz langsam vom ersten bis zum letzten durchlesen",
                "Die Zahlen auswendig lernen, bevor man zum Text übergeht",
                "Ans Ende springen, um die Meinung des Autors zu erfahren",
            ),
            explanation=("Ein Überblick gibt späteren Einzelheiten ihren Platz; ohne ihn gehen sie einzeln verloren."),
        ),
    ),
    "vocabulary": Stage(
        title="Die Sprache des Themas",
        summary=("Die Begriffe, die man zum Weiterlesen braucht, und was sie von Alltagswörtern unterscheidet."),
        objective="Die zentralen Begriffe von {topic} in eigenen Sätzen richtig gebrauchen",
        lessons=(
            Guide(
                title="Begriffe sammeln: {topic}",
                focus="Zehn bis fünfzehn Begriffe finden und jeden mit eigenen Worten sagen.",
                opening=(
                    "Jedes Fach hat Wörter, die Türen öffnen, und solche, die nur bedeutend klingen. Sie erkennen "
                    "den Unterschied daran, ob die Quellen ohne sie auskommen."
                ),
                questions=(
                    "Welche Begriffe stehen in jeder Quelle zu {topic}, die Sie aufschlagen?",
                    "Welches Alltagswort bedeutet hier etwas Engeres als sonst?",
                    "Auf welchen Begriff könnten Sie verzichten, ohne etwas zu verlieren?",
                ),
                look_for=(
                    "fett gedruckte Wörter und solche mit eigenem Artikel",
                    ("der Satz, in dem ein Begriff zum ersten Mal steht; meist ist er die Definition"),
                ),
                exercise="Zehn Karten",
                instructions=(
                    "Legen Sie für zehn Begriffe je eine Karte an: vorn das Wort, hinten ein eigener Satz und ein "
                    "Beispiel. Lassen Sie die Rückseite lieber leer, als abzuschreiben, was Sie nicht verstehen."
                ),
            ),
            Guide(
                title="Wie die Begriffe zusammenhängen",
                focus="Die Begriffe ordnen: Was ist Oberbegriff, was Teil, was Gegenteil?",
                opening=(
                    "Fünfzehn Wörter auf Karten sind ein Haufen. Wissen wird daraus, wenn Sie sagen können, wie "
                    "eines zum nächsten führt."
                ),
                questions=(
                    ("Welche zwei Begriffe aus {topic} werden am häufigsten verwechselt, und was trennt sie?"),
                    "Welcher Begriff umfasst andere als Arten oder als Teile?",
                    "Welcher lässt sich ohne einen anderen gar nicht erklären?",
                ),
                look_for=(
                    "Wendungen wie „eine Art von“, „im Gegensatz zu“, „besteht aus“",
                    "Stellen, an denen zwei Quellen ein Wort verschieden gebrauchen",
                ),
                exercise="Ordnen und verbinden",
                instructions=(
                    "Legen Sie Ihre Karten zu {topic} so aus, dass Verwandtes nebeneinander liegt. Schreiben Sie "
                    "zwischen je zwei Karten das Wort, das sie verbindet: verursacht, enthält, widerspricht, "
                    "braucht. Fotografieren Sie das Ergebnis."
                ),
            ),
        ),
        check=Check(
            question=(
                "Zwei Quellen definieren denselben Begriff verschieden. Welcher nächste Schritt nützt am meisten?"
            ),
            options=(
                "Vergleichen, welche Fälle jede Definition erfasst und welche nicht",
                "Die längere Definition behalten, weil sie die kürzere enthalten muss",
                "Bei der Definition bleiben, auf die man zufällig zuerst gestoßen ist",
                "Den Begriff von nun an meiden und mit anderen Wörtern umschreiben",
            ),
            explanation=(
                "An den Grenzfällen zeigt sich, was eine Definition wirklich sagt; Länge und Reihenfolge zeigen nichts."
            ),
        ),
    ),
    "workings": Stage(
        title="Wie es funktioniert",
        summary="Die tragenden Gedanken, Schritt für Schritt an einem Beispiel verfolgt.",
        objective="Den Hauptgedanken von {topic} Schritt für Schritt erklären",
        lessons=(
            Guide(
                title="Der Gedanke hinter {topic}",
                focus="Das Prinzip finden, aus dem sich das meiste andere ergibt.",
                opening=(
                    "Hinter vielen Einzelheiten stehen meist zwei oder drei Gedanken, die die Arbeit tun. Ein "
                    "Gedanke ist zentral, wenn ohne ihn anderes zusammenbricht."
                ),
                questions=(
                    ("Welchen Gedanken müsste man wegnehmen, damit {topic} keinen Sinn mehr ergibt?"),
                    "Welche Beobachtung oder welches Problem wollte man damit erklären?",
                    "Was folgt woraus: Wo steht in einer Quelle „weil“?",
                ),
                look_for=(
                    "Wörter der Begründung: weil, daher, damit, es folgt",
                    "ein Schaubild oder eine Formel, die in mehreren Quellen wiederkehrt",
                ),
                exercise="Einem Kind erklären",
                instructions=(
                    "Erklären Sie den zentralen Gedanken von {topic} in sechs Sätzen jemandem, der zehn Jahre alt "
                    "ist. Kein Fachwort ohne Beispiel. Wo Sie stecken bleiben, wissen Sie, was als Nächstes zu lesen "
                    "ist."
                ),
            ),
            Guide(
                title="Ein Beispiel von Anfang bis Ende",
                focus="Ein einziges Beispiel durchgehen und jeden Schritt begründen.",
                opening=(
                    "Ein Beispiel, das man bis zum letzten Schritt verstanden hat, ist mehr wert als zehn "
                    "überflogene. Wählen Sie eines, das auf eine Seite passt."
                ),
                questions=(
                    "Was ist am Anfang des Beispiels gegeben, was ist gesucht?",
                    ("Bei welchem Schritt hätten Sie etwas anderes getan, und was wäre geschehen?"),
                    "Welcher Schritt folgt einer Regel, welcher einer Entscheidung?",
                ),
                look_for=(
                    ("durchgerechnete oder ausgeführte Beispiele in offenen Lehrbüchern und Skripten"),
                    ("der Schritt, den der Autor mit „offensichtlich“ übergeht; er verdient Ihre Zeit"),
                ),
                exercise="Abdecken und fortsetzen",
                instructions=(
                    "Decken Sie das Beispiel aus {topic} nach dem ersten Schritt ab. Schreiben Sie den nächsten "
                    "selbst, decken Sie auf, vergleichen Sie, und notieren Sie neben jedem Schritt den Grund."
                ),
            ),
        ),
        check=Check(
            question="Wie finden Sie am besten heraus, ob Sie eine Erklärung verstanden haben?",
            options=(
                "Die Quelle schließen und jeden Schritt mit eigener Begründung erklären",
                "Die Erklärung noch einmal lesen, bis jedes Wort vertraut erscheint",
                "Die Sätze markieren, die so klingen, als wären sie besonders wichtig",
                "Eine zweite Quelle suchen, in der noch einmal dasselbe steht",
            ),
            explanation=("Vertrautheit fühlt sich wie Verstehen an; erst das Erklären ohne Quelle zeigt die Lücken."),
        ),
    ),
    "goals": Stage(
        title="Auf Ihre Ziele zu",
        summary="Jedes Ihrer Ziele bekommt eigene Arbeit und einen Beleg, dass es erreicht ist.",
        objective="An einer eigenen Arbeit zeigen, wie weit jedes Ziel erreicht ist",
        lessons=(
            Guide(
                title="Zerlegen: {objective}",
                focus="Das Ziel „{objective}“ in Schritte zerlegen, die man abhaken kann.",
                opening=(
                    "Sie haben sich das Ziel „{objective}“ gesetzt. Große Ziele erreicht man in kleinen Schritten, "
                    "deren Ende man sieht; diese Lektion findet sie."
                ),
                questions=(
                    "Was würde jemand sehen, der Ihnen zuschaut, wenn Sie das können?",
                    "Was muss zuerst kommen, weil alles andere sich darauf stützt?",
                    "Welchen Teil davon können Sie schon heute?",
                ),
                look_for=(
                    "Kursseiten mit einem ähnlichen Ziel, und was sie dafür üben",
                    "Prüfungsfragen oder Aufgaben zu {topic}, die genau das verlangen",
                ),
                exercise="Eine Leiter mit fünf Sprossen",
                instructions=(
                    "Schreiben Sie fünf Schritte auf, von dem, was Sie können, bis zu „{objective}“. Jeder beginnt "
                    "mit einem Verb, dessen Ergebnis man sieht. Tun Sie den ersten noch heute."
                ),
            ),
            Guide(
                title="Material suchen: {objective}",
                focus="Quellen finden und beurteilen, die zu „{objective}“ führen.",
                opening=(
                    "Für „{objective}“ brauchen Sie nicht alles, was es zu {topic} gibt, sondern die richtigen drei "
                    "Seiten. Sie auszuwählen ist die halbe Arbeit."
                ),
                questions=(
                    "Welche Frage muss eine Quelle beantworten, damit sie diesem Ziel dient?",
                    "Was setzt sie voraus, das Sie noch nicht wissen?",
                    "Woran würden Sie merken, dass sie veraltet oder einseitig ist?",
                ),
                look_for=(
                    "Autor, Jahr und Absicht jeder Quelle",
                    "eine Aufgabe mit Lösung, an der Sie sich prüfen können",
                ),
                exercise="Drei Seiten",
                instructions=(
                    "Wählen Sie für „{objective}“ drei Seiten aus offenen Quellen. Geben Sie jeder einen Satz: was "
                    "sie beiträgt und was ihr fehlt."
                ),
            ),
            Guide(
                title="Zeigen: {objective}",
                focus="Etwas schaffen, das belegt, dass „{objective}“ erreicht ist.",
                opening=(
                    "Ein Ziel ist erreicht, wenn jemand anderes es sehen kann. Entscheiden Sie, was Sie für "
                    "„{objective}“ zeigen: einen Text, eine Rechnung, eine Zeichnung, etwas, das funktioniert."
                ),
                questions=(
                    "An welchen drei Merkmalen messen Sie Ihre eigene Arbeit?",
                    "Wem könnten Sie sie zeigen, und was würden Sie fragen?",
                    "Was lassen Sie weg, damit sie fertig wird?",
                ),
                look_for=(
                    "Arbeiten anderer, und was sie überzeugend macht",
                    "Fehler, vor denen dort gewarnt wird",
                ),
                exercise="Das Werkstück",
                instructions=(
                    "Stellen Sie zu „{objective}“ in einer Sitzung eine kleine erste Fassung fertig. Beurteilen Sie "
                    "sie nach Ihren drei Merkmalen und verbessern Sie dann das, was es am nötigsten hat."
                ),
            ),
        ),
        check=Check(
            question="Welches dieser Ziele lässt sich am besten überprüfen?",
            options=(
                "Ich löse drei neue Aufgaben ohne Hilfe und erkläre jeden Schritt",
                "Ich kenne das Thema viel besser als noch im vergangenen Monat",
                "Ich habe mindestens zehn Stunden mit dem Material verbracht",
                "Ich fühle mich sicher, wenn im Gespräch davon die Rede ist",
            ),
            explanation=("Es nennt etwas, das man sehen kann; Zeitaufwand und Gefühl sagen wenig über Können."),
        ),
    ),
}
