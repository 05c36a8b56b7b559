"""French."""

from lyo_rt.language_models.outline.phrases.fr.entering import ENTERING
from lyo_rt.language_models.outline.phrases.fr.mastering import MASTERING
from lyo_rt.language_models.outline.phrases.fr.uses import ADVICE, CODE, QUIZ
from lyo_rt.language_models.outline.phrases.shape import Phrases, Reading, Structure

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
    code=CODE,
    quiz=QUIZ,
    advice=ADVICE,
)
