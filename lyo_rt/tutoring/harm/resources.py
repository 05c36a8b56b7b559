"""Where help is to be had, by country (ISO 3166) and by language, as data. Whoever runs this checks it every year.

`https://findahelpline.com` is named to everybody. A number is named with its country.
"""

EVERYWHERE = "https://findahelpline.com"

LINES: dict[str, tuple[str, str]] = {
    "AR": ("Argentina", "135"),
    "AT": ("Österreich", "142, Rat auf Draht 147"),
    "AU": ("Australia", "13 11 14, Kids Helpline 1800 55 1800"),
    "BE": ("België / Belgique", "1813 (NL), 0800 32 123 (FR)"),
    "BR": ("Brasil", "188 (CVV)"),
    "CA": ("Canada", "988, Kids Help Phone 1-800-668-6868"),
    "CH": ("Schweiz / Suisse", "143, 147"),
    "CN": ("中国", "12356"),
    "DE": ("Deutschland", "0800 111 0 111, Nummer gegen Kummer 116 111"),
    "DK": ("Danmark", "70 201 201, BørneTelefonen 116 111"),
    "ES": ("España", "024, ANAR 900 20 20 10"),
    "FI": ("Suomi", "09 2525 0111, 116 111"),
    "FR": ("France", "3114, enfance en danger 119"),
    "GB": ("United Kingdom", "116 123 (Samaritans), Childline 0800 1111"),
    "IE": ("Ireland", "116 123, Childline 1800 66 66 66"),
    "IN": ("India", "14416 (Tele MANAS), Childline 1098"),
    "IT": ("Italia", "02 2327 2327, Telefono Azzurro 19696"),
    "JP": ("日本", "0120-279-338, 18歳まで 0120-99-7777"),
    "KR": ("대한민국", "109, 청소년 1388"),
    "MX": ("México", "800 911 2000"),
    "NL": ("Nederland", "113, Kindertelefoon 0800-0432"),
    "NO": ("Norge", "116 123, 116 111"),
    "NZ": ("New Zealand", "1737"),
    "PL": ("Polska", "116 111, 800 70 2222"),
    "PT": ("Portugal", "1411, SOS Criança 116 111"),
    "SE": ("Sverige", "90101, Bris 116 111"),
    "TW": ("台灣", "1925"),
    "US": ("United States", "988"),
    "ZA": ("South Africa", "0800 567 567"),
}

OF_LANGUAGE: dict[str, tuple[str, ...]] = {
    "da": ("DK",),
    "de": ("DE", "AT", "CH"),
    "en": ("US", "GB", "IE"),
    "es": ("ES", "MX", "AR"),
    "fi": ("FI",),
    "fr": ("FR", "BE", "CH"),
    "hi": ("IN",),
    "it": ("IT", "CH"),
    "ja": ("JP",),
    "ko": ("KR",),
    "nb": ("NO",),
    "nl": ("NL", "BE"),
    "no": ("NO",),
    "pl": ("PL",),
    "pt": ("PT", "BR"),
    "sv": ("SE",),
    "zh": ("CN", "TW"),
}
"""For a locale without a country: where most of its speakers that this product serves live."""

REPLIES: dict[str, dict[str, str]] = {
    "en": {
        "self_harm": (
            "Thank you for telling me. The lesson can wait: you matter more than any exercise. I am a program, "
            "and what you are carrying deserves a person who listens, now. {lines} If you are in immediate "
            "danger, call your local emergency number (911, 999 or 112). If you can, go to somebody you trust "
            "and show them what you wrote. Are you safe right now?"
        ),
        "violence": (
            "I will not help with hurting anyone, and I am glad that you said it here rather than did it. If you "
            "are afraid of what you might do, talk to a person now. {lines} If somebody is in danger, call your "
            "local emergency number (911, 999 or 112). Is there an adult you trust whom you can tell today?"
        ),
        "abuse": (
            "I am sorry that this is happening to you. It is not your fault, and you did right to say it. You "
            "deserve help from a person who can protect you. {lines} If you are in danger now, call your local "
            "emergency number (911, 999 or 112). Are you safe at this moment?"
        ),
        "danger": (
            "I cannot help with that: it could hurt you or others. If there is a question of the subject behind "
            "it, I am glad to take that up. What about the lesson would you like to understand?"
        ),
        "line": "In {country}: {numbers}.",
        "everywhere": "Free and confidential help in other places: {url}.",
    },
    "de": {
        "self_harm": (
            "Danke, dass du mir das sagst. Die Aufgabe kann warten, du bist wichtiger. Ich bin ein Programm, und "
            "was du trägst, verdient einen Menschen, der dir jetzt zuhört. {lines} Wenn du in unmittelbarer "
            "Gefahr bist, ruf den Notruf an (112). Wenn du kannst, geh zu jemandem, dem du vertraust, und zeig, "
            "was du geschrieben hast. Bist du gerade in Sicherheit?"
        ),
        "violence": (
            "Ich helfe nicht dabei, jemandem wehzutun, und es ist gut, dass du es hier sagst, statt es zu tun. "
            "Wenn du Angst hast vor dem, was du tun könntest, sprich jetzt mit einem Menschen. {lines} Wenn "
            "jemand in Gefahr ist, ruf den Notruf an (112). Gibt es einen Erwachsenen, dem du es heute sagen "
            "kannst?"
        ),
        "abuse": (
            "Es tut mir leid, dass dir das geschieht. Du bist nicht schuld, und es war richtig, es zu sagen. Du "
            "verdienst Hilfe von einem Menschen, der dich schützen kann. {lines} Wenn du jetzt in Gefahr bist, "
            "ruf den Notruf an (112). Bist du in diesem Moment in Sicherheit?"
        ),
        "danger": (
            "Dabei kann ich nicht helfen: Es könnte dich oder andere verletzen. Wenn eine Frage zum Thema "
            "dahintersteckt, nehme ich sie gern auf. Was an der Lektion möchtest du verstehen?"
        ),
        "line": "{country}: {numbers}.",
        "everywhere": "Kostenlose und vertrauliche Hilfe an anderen Orten: {url}.",
    },
    "es": {
        "self_harm": (
            "Gracias por contármelo. La lección puede esperar: tú importas más que cualquier ejercicio. Soy un "
            "programa, y lo que llevas dentro merece una persona que te escuche ahora. {lines} Si estás en "
            "peligro inmediato, llama al número de emergencias de tu país (112 o 911). Si puedes, acude a "
            "alguien de confianza y enséñale lo que has escrito. ¿Estás a salvo en este momento?"
        ),
        "violence": (
            "No voy a ayudar a hacer daño a nadie, y me alegro de que lo digas aquí en vez de hacerlo. Si tienes "
            "miedo de lo que podrías hacer, habla ahora con una persona. {lines} Si alguien está en peligro, "
            "llama al número de emergencias (112 o 911). ¿Hay un adulto de confianza a quien puedas contárselo "
            "hoy?"
        ),
        "abuse": (
            "Siento mucho que te esté pasando esto. No es culpa tuya, y has hecho bien en decirlo. Mereces la "
            "ayuda de una persona que pueda protegerte. {lines} Si estás en peligro ahora, llama al número de "
            "emergencias (112 o 911). ¿Estás a salvo en este momento?"
        ),
        "danger": (
            "No puedo ayudar con eso: podría hacerte daño a ti o a otros. Si detrás hay una pregunta sobre el "
            "tema, con gusto la retomo. ¿Qué parte de la lección te gustaría entender?"
        ),
        "line": "{country}: {numbers}.",
        "everywhere": "Ayuda gratuita y confidencial en otros lugares: {url}.",
    },
    "fr": {
        "self_harm": (
            "Merci de me le dire. La leçon peut attendre : tu comptes plus que n'importe quel exercice. Je suis "
            "un programme, et ce que tu portes mérite une personne qui t'écoute, maintenant. {lines} En cas de "
            "danger immédiat, appelle le numéro d'urgence (112 ou 15). Si tu peux, va voir quelqu'un en qui tu "
            "as confiance et montre-lui ce que tu as écrit. Es-tu en sécurité en ce moment ?"
        ),
        "violence": (
            "Je n'aiderai pas à faire du mal à quelqu'un, et je suis content que tu le dises ici plutôt que de "
            "le faire. Si tu as peur de ce que tu pourrais faire, parle à une personne maintenant. {lines} Si "
            "quelqu'un est en danger, appelle le numéro d'urgence (112). Y a-t-il un adulte de confiance à qui "
            "tu peux le dire aujourd'hui ?"
        ),
        "abuse": (
            "Je suis désolé de ce qui t'arrive. Ce n'est pas ta faute, et tu as bien fait de le dire. Tu mérites "
            "l'aide d'une personne qui peut te protéger. {lines} Si tu es en danger maintenant, appelle le "
            "numéro d'urgence (112 ou 17). Es-tu en sécurité en ce moment ?"
        ),
        "danger": (
            "Je ne peux pas aider à cela : cela pourrait te blesser, toi ou d'autres. S'il y a derrière une "
            "question sur le sujet, je la reprends volontiers. Qu'aimerais-tu comprendre dans la leçon ?"
        ),
        "line": "{country} : {numbers}.",
        "everywhere": "Aide gratuite et confidentielle ailleurs : {url}.",
    },
    "it": {
        "self_harm": (
            "Grazie di avermelo detto. La lezione può aspettare: tu conti più di qualsiasi esercizio. Sono un "
            "programma, e quello che porti merita una persona che ti ascolti adesso. {lines} Se sei in pericolo "
            "immediato, chiama il numero di emergenza (112). Se puoi, vai da qualcuno di cui ti fidi e mostragli "
            "quello che hai scritto. Sei al sicuro in questo momento?"
        ),
        "violence": (
            "Non aiuterò a fare del male a nessuno, ed è bene che tu lo dica qui invece di farlo. Se hai paura "
            "di ciò che potresti fare, parla ora con una persona. {lines} Se qualcuno è in pericolo, chiama il "
            "112. C'è un adulto di cui ti fidi a cui puoi dirlo oggi?"
        ),
        "abuse": (
            "Mi dispiace per quello che ti succede. Non è colpa tua, e hai fatto bene a dirlo. Meriti l'aiuto di "
            "una persona che possa proteggerti. {lines} Se sei in pericolo adesso, chiama il 112. Sei al sicuro "
            "in questo momento?"
        ),
        "danger": (
            "Con questo non posso aiutare: potrebbe fare del male a te o ad altri. Se dietro c'è una domanda "
            "sull'argomento, la riprendo volentieri. Che cosa della lezione vorresti capire?"
        ),
        "line": "{country}: {numbers}.",
        "everywhere": "Aiuto gratuito e riservato altrove: {url}.",
    },
    "pt": {
        "self_harm": (
            "Obrigado por me contar. A lição pode esperar: você importa mais do que qualquer exercício. Sou um "
            "programa, e o que você carrega merece uma pessoa que escute agora. {lines} Se há perigo imediato, "
            "ligue para o número de emergência (112, 190 ou 192). Se puder, procure alguém de confiança e mostre "
            "o que escreveu. Você está em segurança neste momento?"
        ),
        "violence": (
            "Não vou ajudar a ferir ninguém, e ainda bem que você disse isso aqui em vez de fazer. Se tem medo "
            "do que poderia fazer, fale agora com uma pessoa. {lines} Se alguém está em perigo, ligue para o "
            "número de emergência (112 ou 190). Há um adulto de confiança a quem possa contar hoje?"
        ),
        "abuse": (
            "Sinto muito pelo que está acontecendo com você. A culpa não é sua, e foi certo contar. Você merece "
            "a ajuda de uma pessoa que possa proteger você. {lines} Se há perigo agora, ligue para o número de "
            "emergência (112 ou 190). Você está em segurança neste momento?"
        ),
        "danger": (
            "Não posso ajudar com isso: poderia ferir você ou outras pessoas. Se há uma pergunta sobre o assunto "
            "por trás, retomo com prazer. O que da lição você gostaria de entender?"
        ),
        "line": "{country}: {numbers}.",
        "everywhere": "Ajuda gratuita e confidencial em outros lugares: {url}.",
    },
}
"""English for a language without an entry. Each ends with the one question of its turn."""
