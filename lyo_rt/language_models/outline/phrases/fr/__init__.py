"""French."""

from lyo_rt.language_models.outline.phrases.fr.entering import ENTERING
from lyo_rt.language_models.outline.phrases.fr.mastering import MASTERING
from lyo_rt.language_models.outline.phrases.fr.uses import ADVICE, CODE, QUIZ
from lyo_rt.language_models.outline.phrases.shape import Phrases, Reading, Structure, Tutoring

PHRASES = Phrases(
    language="fr",
    title="{topic} : un parcours d'étude guidé",
    description=(
        "Un parcours d'étude sur « {topic} » en {modules} modules. Il a été composé sans modèle de langage : il "
        "interroge, renvoie à des sources ouvertes et propose des exercices ; les faits, il les laisse à ces sources."
    ),
    prerequisite="Les termes de base : {topic}",
    everyday=(
        "la vie quotidienne",
        "une matière voisine",
    ),
    guiding_questions="Questions directrices",
    look_for="À quoi faire attention",
    how_to_work="Comment travailler",
    where_to_look="Où chercher",
    assessment_title="Vérification : {module}",
    search_title="{source} : chercher « {query} »",
    definition=(
        ("À vous de le définir : cherchez « {term} » dans une des sources et résumez son sens en une phrase."),
        "Rassemblez deux définitions de « {term} » et notez ce qu'elles ont en commun.",
        "Écrivez ce que recouvre « {term} », et une chose qu'il ne recouvre pas.",
        "Expliquez « {term} » par un exemple à vous, une fois que vous aurez lu à ce sujet.",
    ),
    levels={
        "beginner": "Commencez par un article d'encyclopédie ; une bonne source suffit pour cette leçon.",
        "intermediate": "Prenez deux sources de nature différente et notez où elles divergent.",
        "advanced": (
            "Allez à une source primaire ou à un article de synthèse et vérifiez sur quoi reposent ses affirmations."
        ),
    },
    styles={
        "visual": (
            "Gardez une page pour les croquis : chaque réponse reçoit un petit dessin, un schéma fléché ou un tableau."
        ),
        "auditory": "Dites chaque réponse à voix haute, ou enregistrez-la, avant d'écrire quoi que ce soit.",
        "kinesthetic": "Travaillez debout ou avec des cartes à déplacer ; mimez une idée là où c'est possible.",
        "hands_on": (
            "Essayez d'abord quelque chose, si petit que ce soit, et lisez ensuite pourquoi cela s'est passé ainsi."
        ),
        "reading_writing": (
            "Rédigez chaque réponse en phrases complètes et recopiez la meilleure ligne de chaque source avec sa "
            "référence."
        ),
    },
    stages={**ENTERING, **MASTERING},
    reading=Reading(
        description=(
            "Un cours à travers le texte que vous avez donné, en {modules} modules. Il a été composé sans modèle de "
            "langage : passages, termes et questions viennent du texte lui-même."
        ),
        module_summary="Cette partie traite de : {terms}.",
        objective="Dire avec ses propres mots ce que le texte dit de « {term} »",
        focus="Le passage qui commence ainsi : « {sentence} »",
        summary="Vous lisez le passage sur {terms} et pouvez en redire les points principaux.",
        passage="Le passage",
        main_points="Points principaux",
        questions_heading="Questions de lecture",
        questions=(
            "Que dit le passage de « {term} », avec vos propres mots ?",
            "Comment « {term} » et « {other} » vont-ils ensemble ici ?",
            "Quelle phrase vous manquerait le plus si on la supprimait ?",
            "Que l'auteur suppose-t-il connu au sujet de « {term} » ?",
            "Où demanderiez-vous un exemple ou une preuve ?",
        ),
        quoting=(
            "Le texte dit : « {sentence} » Pourquoi en est-il ainsi, d’après le texte ?",
            "Prenez cette ligne : « {sentence} » Qu’est-ce qui changerait si elle était fausse ?",
        ),
        definition="Dans le texte : « {sentence} »",
        exercise=(
            "Redire",
            "Interroger",
            "Une phrase chacun",
            "Dessiner",
        ),
        instructions=(
            (
                "Cachez le passage et écrivez en quatre phrases ce qu'il dit de « {term} ». Découvrez-le et ajoutez "
                "ce qui manquait."
            ),
            (
                "Écrivez trois questions auxquelles le passage répond, dont une sur « {term} ». Répondez-y demain "
                "sans regarder."
            ),
            (
                "Réduisez chaque paragraphe à une phrase de quinze mots au plus. « {term} » doit figurer dans l'une "
                "d'elles."
            ),
            (
                "Dessinez comment « {term} » et « {other} » sont liés d'après le passage et inscrivez sur chaque "
                "flèche un verbe du texte."
            ),
        ),
        cloze="Quelle expression manque ? « {sentence} »",
        cloze_explanation="Le texte dit : « {sentence} »",
        which_term="Quel terme est expliqué ainsi : « {definition} »",
    ),
    structure=Structure(
        focus="De quoi traite la leçon « {title} » ?",
        exercise="Quel exercice va avec la leçon « {title} » ?",
        objective="Quel objectif va avec le module « {title} » ?",
        explanation="C'est ainsi que le prévoit le plan de ce module.",
    ),
    tutoring=Tutoring(
        that="cela",
        stuck_words=(
            "sais pas",
            "aucune idée",
            "comprends pas",
            "pas sûr",
            "bloqué",
            "aidez-moi",
            "aide-moi",
        ),
        asks=(
            (
                "Vous demandez ce qu'il en est de « {term} ». Le texte a une phrase qui s'en approche : « {sentence} "
                "» Quelle partie touche à votre question ?"
            ),
            (
                "Vous faites bien de demander. Regardez cette ligne : « {sentence} » Que vous dit-elle de « {term} "
                "», avec vos propres mots ?"
            ),
            (
                "Restons un instant sur « {term} ». Le texte dit : « {sentence} » Qu'est-ce qui changerait s'il n'en "
                "était pas ainsi ?"
            ),
        ),
        stuck=(
            (
                "C'est un bon endroit pour ralentir. Lisez seulement cette phrase : « {sentence} » Quel mot "
                "faudrait-il d'abord expliquer à quelqu'un d'autre ?"
            ),
            (
                "Alors faisons un pas plus petit. Voici une ligne du texte : « {sentence} » Quelle est la seule "
                "chose dont vous soyez certain ?"
            ),
            ("Ce n'est pas grave ; c'est ici qu'on apprend. « {sentence} » Quel exemple en avez-vous vu vous-même ?"),
        ),
        says=(
            (
                "Vous parlez de « {term} ». Mettez cela à côté de cette ligne : « {sentence} » Qu'est-ce qui "
                "s'accorde avec votre idée, et qu'est-ce qui ne s'accorde pas encore ?"
            ),
            (
                "Il y a du vrai dans ce que vous dites de « {term} ». Le texte le dit ainsi : « {sentence} » Comment "
                "le justifieriez-vous ?"
            ),
            (
                "Mettons cela à l'épreuve. Le texte dit : « {sentence} » Dans quel cas ce que vous dites de « {term} "
                "» ne vaudrait-il plus ?"
            ),
        ),
        asks_freely=(
            (
                "Vous demandez ce qu'il en est de « {term} ». Qu'en savez-vous déjà qui puisse servir de point de "
                "départ ?"
            ),
            ("Resserrons. S'il fallait expliquer « {term} » par un seul exemple, lequel prendriez-vous ?"),
            "Supposez que « {term} » soit tout autre. Que remarqueriez-vous d'abord ?",
        ),
        stuck_freely=(
            ("Alors faisons le pas plus petit. Quel mot du problème aimeriez-vous éclaircir en premier ?"),
            "Ce n'est rien. Quel est le dernier point où vous vous sentiez encore sûr de vous ?",
            "Prenez le cas le plus simple qui vous vienne à l'esprit. Que s'y passe-t-il ?",
        ),
        says_freely=(
            "Vous parlez de « {term} ». Qu'est-ce qui vous le fait penser ?",
            ("Mettons à l'épreuve ce que vous dites de « {term} ». Voyez-vous un cas où ce ne serait pas vrai ?"),
            "Reliez cela à ce que vous avez dit avant. Qu'en résulte-t-il pour « {term} » ?",
        ),
    ),
    code=CODE,
    quiz=QUIZ,
    advice=ADVICE,
)
