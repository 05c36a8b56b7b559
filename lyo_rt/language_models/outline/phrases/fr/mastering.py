"""French: the last four stages of the way into a subject."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Stage, StageName

MASTERING: dict[StageName, Stage] = {
    "practice": Stage(
        title="Essayer",
        summary="Du premier essai personnel aux erreurs qu'il est bon de connaître.",
        objective="Résoudre seul un exercice simple sur le sujet ({topic}) et vérifier le résultat",
        lessons=(
            Guide(
                title="Un premier essai personnel",
                focus="Faire une petite tâche du début à la fin, sans modèle à copier.",
                opening=(
                    "Tôt ou tard, il faut passer de la lecture à l'action. Choisissez une tâche si petite qu'elle "
                    "semble presque trop facile ; elle vous apprendra quand même quelque chose."
                ),
                questions=(
                    "Quelle tâche sur « {topic} » peut se finir en vingt minutes ?",
                    ("Comment saurez-vous que le résultat est juste avant de regarder un corrigé ?"),
                    "Qu'avez-vous dû deviner en chemin ?",
                ),
                look_for=(
                    "les recueils d'exercices corrigés",
                    ("la différence entre votre chemin et celui du livre, même si les résultats s'accordent"),
                ),
                exercise="Vingt minutes",
                instructions=(
                    "Réglez un minuteur sur vingt minutes et travaillez à un exercice sur « {topic} ». Notez chaque "
                    "décision. Alors seulement, comparez avec un corrigé et marquez où les chemins se séparent."
                ),
            ),
            Guide(
                title="Des erreurs bonnes à connaître",
                focus="Trouver les erreurs typiques et ce qui rend chacune tentante.",
                opening=(
                    "Personne ne se trompe au hasard. Derrière presque toute erreur se tient une idée juste "
                    "ailleurs. Qui connaît l'idée évite l'erreur."
                ),
                questions=(
                    "Contre quelle erreur les sources mettent-elles sans cesse en garde ?",
                    "Dans quelle situation l'idée qui est derrière serait-elle juste ?",
                    "À quel signe pouvez-vous la repérer dans votre propre travail ?",
                ),
                look_for=(
                    "les sections intitulées « erreurs fréquentes » ou « idées reçues »",
                    ("les questions de débutants dans les forums et les réponses patientes qu'ils reçoivent"),
                ),
                exercise="Une erreur exprès",
                instructions=(
                    "Écrivez une courte solution à un exercice sur « {topic} » où se cache une erreur typique. "
                    "Laissez-la un jour, puis retrouvez l'erreur et écrivez la correction comme pour un ami."
                ),
            ),
        ),
        check=Check(
            question="Votre résultat diffère du corrigé imprimé. Que faites-vous d'abord ?",
            options=(
                "Suivre les deux pas à pas et chercher la première différence",
                "Recopier le corrigé au propre et passer à l'exercice suivant",
                "Supposer que le corrigé contient une coquille et continuer",
                "Reprendre l'exercice du début par le même chemin qu'avant",
            ),
            explanation=(
                "La première différence montre où le raisonnement s'est séparé ; c'est là qu'il y a à apprendre."
            ),
        ),
    ),
    "connections": Stage(
        title="Des liens",
        summary="Ce que le sujet a à voir avec des choses qui vous tiennent à cœur.",
        objective="Nommer deux liens entre le sujet ({topic}) et d'autres domaines, avec des exemples",
        lessons=(
            Guide(
                title="{topic} et {interest}",
                focus="Chercher un endroit où le sujet y apparaît vraiment.",
                opening=(
                    "Pensez à « {interest} ». Quelque part, « {topic} » y est à l'œuvre, au grand jour ou sous un "
                    "autre nom. Trouvez l'endroit."
                ),
                questions=(
                    "Où quelqu'un y décide-t-il quelque chose grâce à ce savoir ?",
                    "Que ferait-on autrement sans lui ?",
                    "Avec quels termes de vos cartes pouvez-vous le décrire ?",
                ),
                look_for=(
                    "les pages qui nomment « {topic} » et « {interest} » dans une même phrase",
                    "un exemple assez précis pour être raconté à nouveau",
                ),
                exercise="Une page pour passionnés",
                instructions=(
                    "Écrivez une demi-page pour quelqu'un que « {interest} » passionne et qui n'a jamais entendu "
                    "parler du sujet : un exemple, deux termes, une question ouverte."
                ),
            ),
            Guide(
                title="Une comparaison avec {interest}",
                focus="Faire une comparaison et trouver où elle se rompt.",
                opening=(
                    "Les comparaisons sont des ponts : elles portent jusqu'à ce qu'elles rompent. Une entre « "
                    "{interest} » et « {topic} » vous montre à la fois la ressemblance et sa limite."
                ),
                questions=(
                    "Qu'est-ce qui s'y comporte comme une partie centrale du sujet ?",
                    "Qu'est-ce qui correspond à quoi, pièce par pièce ?",
                    "À quel endroit la comparaison égare-t-elle ?",
                ),
                look_for=(
                    ("les comparaisons des enseignants et les mises en garde qui les accompagnent"),
                    "les propriétés qui n'existent que d'un côté",
                ),
                exercise="Deux colonnes",
                instructions=(
                    "Faites un tableau : « {interest} » à gauche, « {topic} » à droite. Remplissez cinq paires qui "
                    "se correspondent et une sixième ligne avec le point où la comparaison échoue."
                ),
            ),
        ),
        check=Check(
            question="Qu'est-ce qui rend une comparaison utile pour apprendre ?",
            options=(
                "On peut dire ce qui se correspond et où elle cesse de valoir",
                "Elle est assez drôle pour être retenue sans aucun autre effort",
                "Elle remplace les termes techniques, dont on n'a plus besoin",
                "Elle vient d'un domaine dont on ne sait encore rien du tout",
            ),
            explanation=("Une comparaison instruit par ses parties et par sa limite ; prise en bloc, elle égare."),
        ),
    ),
    "limits": Stage(
        title="Limites et questions ouvertes",
        summary=("Ce que le sujet ne peut pas, ce qui se discute et la confiance que méritent les sources."),
        objective="Juger de la fiabilité d'une affirmation sur le sujet : {topic}",
        lessons=(
            Guide(
                title="Ce que cela ne peut pas : {topic}",
                focus="Trouver les conditions où les idées du sujet cessent de valoir.",
                opening=("Maîtrise un outil qui sait quand le laisser dans la caisse. Où s'arrête « {topic} » ?"),
                questions=(
                    ("Quelles conditions la plupart des explications supposent-elles sans le dire ?"),
                    "Quel exemple ne convient pas, et qu'en font les sources ?",
                    "Sur quoi les spécialistes ne sont-ils pas d'accord ?",
                ),
                look_for=(
                    ("les sections intitulées « critiques », « limites » ou « problèmes ouverts »"),
                    "les petits mots : d'ordinaire, environ, à supposer que",
                ),
                exercise="Le contre-exemple",
                instructions=(
                    "Prenez une règle du sujet et cherchez un cas où elle échoue. Décrivez en cinq phrases ce qui "
                    "est différent dans ce cas."
                ),
            ),
            Guide(
                title="Peser les sources",
                focus="Vérifier une affirmation en remontant à son origine.",
                opening=(
                    "Bien des choses sur « {topic} » ont été recopiées si souvent que plus personne ne demande d'où "
                    "elles viennent. Vous, vous demanderez, une fois, jusqu'au bout."
                ),
                questions=(
                    "Qui le dit, quand, et sur quoi s'appuie-t-il ?",
                    "La source citée le dit-elle vraiment ?",
                    "Qui y gagnerait si on le croyait ?",
                ),
                look_for=(
                    "les notes et les références : suivez-en une jusqu'au bout",
                    "la date : quelqu'un a-t-il vérifié depuis",
                ),
                exercise="Une affirmation, trois stations",
                instructions=(
                    "Choisissez une affirmation sur « {topic} » avec un nombre ou un superlatif. Remontez-la à "
                    "travers trois sources et notez à chaque station comment la formulation change."
                ),
            ),
        ),
        check=Check(
            question=(
                "Une page affirme une chose frappante et cite une étude. Qu'est-ce qui montre le mieux si c'est "
                "solide ?"
            ),
            options=(
                "Retrouver l'étude et lire ce qu'elle a vraiment examiné",
                "Compter combien d'autres pages répètent la même chose",
                "Regarder si la page est bien faite et facile à lire",
                "Se demander si cela s'accorde avec ce qu'on attendait",
            ),
            explanation=(
                "Seule l'origine montre ce qui a été trouvé ; répétition, présentation et attente ne prouvent rien."
            ),
        ),
    ),
    "review": Stage(
        title="Retour et suite",
        summary="Se rappeler sans notes, transmettre ce qu'on a appris, préparer l'étape suivante.",
        objective="Présenter le sujet ({topic}) de mémoire et dire ce que l'on veut apprendre ensuite",
        lessons=(
            Guide(
                title="De mémoire",
                focus="Se rappeler sans notes, puis combler les lacunes à dessein.",
                opening=(
                    "Rangez tout. Ce qui reste est à vous ; les lacunes sont le meilleur guide de ce qu'il faut relire."
                ),
                questions=(
                    "Quels termes de « {topic} » pouvez-vous expliquer sans regarder ?",
                    ("À quoi ressemble la carte du premier module si vous la redessinez maintenant ?"),
                    "Auxquelles de vos cinq questions pouvez-vous répondre ?",
                ),
                look_for=(
                    "ce qui manque sur la nouvelle carte par rapport à l'ancienne",
                    "les passages que vous croyiez savoir sans pouvoir les redire",
                ),
                exercise="La feuille blanche",
                instructions=(
                    "Remplissez en dix minutes une feuille blanche sur « {topic} », sans notes. Ajoutez d'une autre "
                    "couleur ce qui manquait. Recommencez dans trois jours, avec cette seule couleur."
                ),
            ),
            Guide(
                title="Transmettre",
                focus="Enseigner une partie du sujet et préparer la suite.",
                opening=("Qui enseigne apprend deux fois : en préparant, et encore à la première question du public."),
                questions=(
                    "Quelle partie de « {topic} » mérite cinq minutes du temps d'un ami ?",
                    "Quelle question posera-t-il, et que direz-vous ?",
                    "Quelle est la prochaine chose que vous voulez savoir faire ?",
                ),
                look_for=(
                    "un cours ou un livre qui commence là où ce plan s'arrête",
                    ("des gens qui travaillent dans ce domaine : associations, forums, conférences"),
                ),
                exercise="Cinq minutes",
                instructions=(
                    "Expliquez à quelqu'un une partie de « {topic} » en cinq minutes. Notez la première question "
                    "qu'on vous pose. Écrivez votre prochain objectif avec une date."
                ),
            ),
        ),
        check=Check(
            question="Qu'est-ce qui fait rester le plus de ce que l'on a appris ?",
            options=(
                "Se le rappeler plusieurs fois sans notes, à quelques jours d'écart",
                "Relire à la fin toutes les notes en une seule longue soirée",
                "Recopier les notes au propre dans un second cahier plus beau",
                "Passer aussitôt à un nouveau sujet pour garder le rythme",
            ),
            explanation=("Se rappeler avec des pauses renforce la mémoire ; relire rend seulement le texte familier."),
        ),
    ),
}
