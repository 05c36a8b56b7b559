"""French: the first four stages of the way into a subject."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Stage, StageName

ENTERING: dict[StageName, Stage] = {
    "orientation": Stage(
        title="Se repérer",
        summary="De quoi il s'agit, où on le rencontre et ce que vous apportez déjà.",
        objective="Décrire en quelques phrases de quoi traite le sujet : {topic}",
        lessons=(
            Guide(
                title="Une première carte : {topic}",
                focus="Obtenir une vue d'ensemble : les parties du sujet et leurs liens.",
                opening=(
                    "Avant de lire une seule ligne : que vous évoque « {topic} » ? C'est là que le nouveau viendra "
                    "s'accrocher. Cette leçon en fait une première carte."
                ),
                questions=(
                    "À quelle question ce sujet cherche-t-il à répondre, et pour qui ?",
                    ("En quelles trois à cinq parties les introductions le divisent-elles d'habitude ?"),
                    "Laquelle de ces parties vous a surpris ?",
                ),
                look_for=(
                    ("le premier paragraphe d'un article d'encyclopédie : ce qu'il nomme avant tout le reste"),
                    ("la table des matières d'un manuel : une carte que quelqu'un a déjà dessinée"),
                ),
                exercise="Dessiner la carte",
                instructions=(
                    "Écrivez « {topic} » au milieu d'une feuille. Autour viennent les parties trouvées, reliées par "
                    "des traits ; sur chaque trait, notez pourquoi elles vont ensemble. Marquez ce que vous ne savez "
                    "pas encore expliquer."
                ),
            ),
            Guide(
                title="Où rencontre-t-on cela : {topic}",
                focus="Trouver des lieux où le sujet compte et rassembler ses propres questions.",
                opening=(
                    "On entre plus facilement dans un sujet par une porte qu'on utilise déjà. Cherchez les endroits "
                    "où « {topic} » apparaît sans qu'on l'appelle : au travail, dans l'actualité, dans ce que vous "
                    "aimez faire."
                ),
                questions=(
                    "Où l'avez-vous rencontré pour la dernière fois sans lui donner ce nom ?",
                    "Qui s'en sert chaque jour, et que ne pourrait-il pas faire sans cela ?",
                    "Que voudriez-vous savoir faire à la fin de ce cours ?",
                ),
                look_for=(
                    ("les exemples avec un lieu, une personne ou un nombre : on peut les vérifier"),
                    "les mots qui reviennent ; ils auront leur place dans le module suivant",
                ),
                exercise="Cinq questions",
                instructions=(
                    "Écrivez cinq questions à vous sur « {topic} », de la plus simple à celle que vous osez à peine "
                    "poser. Gardez la feuille : le dernier module y revient."
                ),
            ),
        ),
        check=Check(
            question=(
                "Vous ouvrez un long article sur un sujet nouveau pour vous. Qu'est-ce qui aide le plus au début ?"
            ),
            options=(
                "Lire l'introduction et les titres pour voir comment il est divisé",
                "Lire lentement chaque phrase, de la première à la dernière",
                "Apprendre les chiffres par cœur avant de passer au texte",
                "Aller droit à la fin pour connaître l'opinion de l'auteur",
            ),
            explanation=("Une vue d'ensemble donne leur place aux détails ; sans elle, on les oublie un à un."),
        ),
    ),
    "vocabulary": Stage(
        title="Les mots du sujet",
        summary="Les termes nécessaires pour lire la suite et ce qui les distingue des mots courants.",
        objective="Employer correctement les termes centraux du sujet ({topic}) dans ses propres phrases",
        lessons=(
            Guide(
                title="Rassembler les termes : {topic}",
                focus="Trouver dix à quinze termes et dire chacun avec ses propres mots.",
                opening=(
                    "Chaque domaine a des mots qui ouvrent des portes et d'autres qui ne font que sonner bien. Vous "
                    "les distinguerez à ceci : les sources peuvent-elles s'en passer ?"
                ),
                questions=(
                    "Quels termes figurent dans toutes les sources que vous ouvrez ?",
                    "Quel mot courant a ici un sens plus étroit que dans la rue ?",
                    "De quel terme pourriez-vous vous passer sans rien perdre ?",
                ),
                look_for=(
                    "les mots en gras ou qui ont leur propre article",
                    ("la phrase où un terme apparaît pour la première fois ; c'est le plus souvent la définition"),
                ),
                exercise="Dix cartes",
                instructions=(
                    "Faites une carte pour chacun de dix termes : le mot devant ; derrière, une phrase à vous et un "
                    "exemple. Mieux vaut un verso vide que la copie de ce que vous ne comprenez pas."
                ),
            ),
            Guide(
                title="Comment les termes se tiennent",
                focus=("Ordonner les termes : lequel est plus large, lequel est une partie, lequel est le contraire."),
                opening=(
                    "Quinze mots sur des cartes font un tas. Ils deviennent un savoir quand vous pouvez dire comment "
                    "l'un mène à l'autre."
                ),
                questions=(
                    ("Quels deux termes de « {topic} » confond-on le plus souvent, et qu'est-ce qui les sépare ?"),
                    "Quel terme en contient d'autres, comme espèces ou comme parties ?",
                    "Lequel ne peut s'expliquer sans un autre ?",
                ),
                look_for=(
                    ("les tournures comme « une sorte de », « à la différence de », « se compose de »"),
                    "les endroits où deux sources emploient un mot différemment",
                ),
                exercise="Trier et relier",
                instructions=(
                    "Disposez vos cartes de sorte que ce qui est lié se touche. Écrivez entre deux cartes le mot qui "
                    "les relie : cause, contient, contredit, exige. Photographiez le résultat."
                ),
            ),
        ),
        check=Check(
            question=(
                "Deux sources définissent différemment le même terme. Quelle est l'étape suivante la plus utile ?"
            ),
            options=(
                "Comparer les cas que chaque définition couvre et ceux qu'elle laisse",
                "Garder la plus longue, puisqu'elle doit bien contenir la plus courte",
                "Garder la définition que l'on a rencontrée la première, par hasard",
                "Éviter désormais le terme et le décrire avec d'autres mots",
            ),
            explanation=(
                "Les cas limites montrent ce que dit vraiment une définition ; la longueur et l'ordre ne montrent rien."
            ),
        ),
    ),
    "workings": Stage(
        title="Comment cela fonctionne",
        summary="Les idées qui portent le sujet, suivies pas à pas sur un exemple.",
        objective="Expliquer pas à pas l'idée principale du sujet : {topic}",
        lessons=(
            Guide(
                title="L'idée derrière : {topic}",
                focus="Trouver le principe dont presque tout le reste découle.",
                opening=(
                    "Derrière beaucoup de détails, il y a le plus souvent deux ou trois idées qui font le travail. "
                    "Une idée est centrale si, sans elle, le reste s'écroule."
                ),
                questions=(
                    "Quelle idée faudrait-il retirer pour que « {topic} » n'ait plus de sens ?",
                    "Quelle observation ou quel problème voulait-on expliquer ainsi ?",
                    "Qu'est-ce qui découle de quoi : où une source dit-elle « parce que » ?",
                ),
                look_for=(
                    "les mots de la raison : parce que, donc, afin que, il s'ensuit",
                    "un schéma ou une formule qui revient dans plusieurs sources",
                ),
                exercise="L'expliquer à un enfant",
                instructions=(
                    "Expliquez l'idée centrale de « {topic} » en six phrases à quelqu'un de dix ans. Aucun terme "
                    "technique sans exemple. Là où vous butez, vous savez quoi lire ensuite."
                ),
            ),
            Guide(
                title="Un exemple du début à la fin",
                focus="Suivre un seul exemple développé et donner la raison de chaque étape.",
                opening=(
                    "Un exemple compris jusqu'à la dernière étape vaut mieux que dix parcourus. Choisissez-en un qui "
                    "tienne sur une page."
                ),
                questions=(
                    "Qu'est-ce qui est donné au début de l'exemple, et que cherche-t-on ?",
                    "À quelle étape auriez-vous fait autre chose, et que se serait-il passé ?",
                    "Quelle étape applique une règle, et laquelle est une décision ?",
                ),
                look_for=(
                    "les exemples développés des manuels ouverts et des notes de cours",
                    ("l'étape que l'auteur saute d'un « évidemment » ; celle-là mérite votre temps"),
                ),
                exercise="Cacher et continuer",
                instructions=(
                    "Cachez l'exemple après sa première étape. Écrivez vous-même la suivante, découvrez, comparez, "
                    "et notez à côté de chaque étape sa raison."
                ),
            ),
        ),
        check=Check(
            question="Comment savoir au mieux si l'on a compris une explication ?",
            options=(
                "Fermer la source et expliquer chaque étape avec ses propres raisons",
                "Relire l'explication jusqu'à ce que chaque mot paraisse familier",
                "Surligner les phrases qui sonnent comme si elles comptaient",
                "Chercher une seconde source qui dise encore la même chose",
            ),
            explanation=(
                "Le familier donne l'impression d'avoir compris ; seule l'explication sans la source montre les "
                "lacunes."
            ),
        ),
    ),
    "goals": Stage(
        title="Vers vos objectifs",
        summary=("Chaque objectif que vous avez nommé reçoit son propre travail et la preuve qu'il est atteint."),
        objective="Montrer par un travail personnel jusqu'où chaque objectif est atteint",
        lessons=(
            Guide(
                title="Décomposer : {objective}",
                focus="Diviser l'objectif « {objective} » en étapes que l'on peut cocher.",
                opening=(
                    "Vous vous êtes donné l'objectif « {objective} ». On atteint les grands buts par de petits pas "
                    "dont on voit la fin ; cette leçon les trouve."
                ),
                questions=(
                    ("Que verrait quelqu'un qui vous observe, une fois que vous saurez le faire ?"),
                    "Qu'est-ce qui doit venir d'abord, parce que tout le reste s'y appuie ?",
                    "Quelle partie savez-vous faire aujourd'hui ?",
                ),
                look_for=(
                    ("les pages de cours qui visent un objectif semblable, et ce qu'elles font pratiquer"),
                    ("les questions d'examen ou les exercices sur « {topic} » qui demandent exactement cela"),
                ),
                exercise="Une échelle à cinq barreaux",
                instructions=(
                    "Écrivez cinq étapes, de ce que vous savez faire jusqu'à « {objective} ». Chacune commence par "
                    "un verbe dont on voit le résultat. Faites la première aujourd'hui."
                ),
            ),
            Guide(
                title="Réunir de la matière : {objective}",
                focus="Trouver et juger les sources qui mènent à « {objective} ».",
                opening=(
                    "Pour « {objective} », il ne vous faut pas tout ce qui existe, mais les trois bonnes pages. Les "
                    "choisir, c'est la moitié du travail."
                ),
                questions=(
                    "À quelle question une source doit-elle répondre pour servir cet objectif ?",
                    "Que suppose-t-elle connu que vous ne savez pas encore ?",
                    "À quoi verriez-vous qu'elle est dépassée ou partiale ?",
                ),
                look_for=(
                    "l'auteur, l'année et l'intention de chaque source",
                    "un exercice corrigé sur lequel vous pouvez vous vérifier",
                ),
                exercise="Trois pages",
                instructions=(
                    "Choisissez trois pages de sources ouvertes pour « {objective} ». Donnez à chacune une phrase : "
                    "ce qu'elle apporte et ce qui lui manque."
                ),
            ),
            Guide(
                title="Le montrer : {objective}",
                focus="Faire quelque chose qui prouve que « {objective} » est atteint.",
                opening=(
                    "Un objectif est atteint quand quelqu'un d'autre peut le voir. Décidez ce que vous montrerez "
                    "pour « {objective} » : un texte, un calcul, un dessin, une chose qui marche."
                ),
                questions=(
                    "À quels trois signes jugerez-vous votre propre travail ?",
                    "À qui pourriez-vous le montrer, et que lui demanderiez-vous ?",
                    "Que laisserez-vous de côté pour pouvoir finir ?",
                ),
                look_for=(
                    "les travaux des autres et ce qui les rend convaincants",
                    "les erreurs contre lesquelles ils mettent en garde",
                ),
                exercise="L'ouvrage",
                instructions=(
                    "Terminez en une séance une petite première version pour « {objective} ». Jugez-la d'après vos "
                    "trois signes, puis améliorez ce qui en a le plus besoin."
                ),
            ),
        ),
        check=Check(
            question="Lequel de ces objectifs se vérifie le mieux ?",
            options=(
                "Je résous trois exercices nouveaux sans aide et j'explique chaque étape",
                "Je connais le sujet bien mieux que je ne le connaissais le mois passé",
                "J'ai passé au moins dix heures avec la totalité de la matière",
                "Je me sens à l'aise dès que le sujet vient dans la conversation",
            ),
            explanation=(
                "Il nomme une chose que l'on peut voir ; le temps passé et l'aisance disent peu de ce que l'on sait "
                "faire."
            ),
        ),
    ),
}
