"""French: code, quizzes, recommendations."""

from lyo_rt.language_models.outline.phrases.shape import Advice, CodePhrases, QuizPhrases

CODE = CodePhrases(
    opening="C’est du {language}, {lines} lignes.",
    defines="Il définit {names}.",
    defines_nothing="Il ne définit rien : ses lignes s’exécutent de haut en bas.",
    no_meaning="Ceci a été fait sans modèle de langue : on voit comment le code est construit, pas ce qu’il signifie.",
    no_answer="Votre question reste donc ouverte.",
    unread=(
        "{lines} lignes. Leur langage n’est pas lu ici ou ne se reconnaît pas ; rien n’en est donc dit. Nommez le "
        "langage, ou demandez de nouveau quand un modèle de langue sera là."
    ),
    imports="Fait venir ce qui est écrit ailleurs : {code}.",
    definition="Ici, `{name}` est défini.",
    inside="On y trouve {names}.",
    loose="S’exécute hors de toute définition.",
    comment="Un commentaire dit : « {text} »",
    flow={
        "loop": "Quelque chose se répète (ligne {lines}).",
        "branch": "Le chemin se divise selon une condition (ligne {lines}).",
        "error": "Des erreurs sont levées ou traitées (ligne {lines}).",
        "leave": "Une valeur est rendue, ou le bloc est quitté avant la fin (ligne {lines}).",
    },
    terms={
        "definition": ("définition", "Donne un nom à un morceau de code pour pouvoir l’utiliser ailleurs."),
        "loop": ("boucle", "Exécute de nouveau les mêmes lignes, pour plusieurs valeurs ou tant que cela vaut."),
        "branch": ("branchement", "Des lignes qui ne s’exécutent que si une condition est remplie."),
        "error": ("exception", "La façon dont le code dit qu’il ne peut continuer, et dont un autre y répond."),
        "leave": ("retour", "Termine une fonction ; la valeur qui suit va là où elle a été appelée."),
        "import": ("importation", "Rend utilisables ici des noms d’un autre fichier ou d’une bibliothèque."),
    },
    ask_definition="De quoi `{name}` a-t-il besoin, et que rend-il ? Calculez-le sur un exemple à vous.",
    ask_flow={
        "loop": "Combien de fois la boucle de la ligne {line} s’exécute-t-elle, et qu’est-ce qui l’arrête ?",
        "branch": "Quelles valeurs entrent dans la branche de la ligne {line}, et lesquelles passent à côté ?",
        "error": "Que faudrait-il pour que la ligne {line} compte ?",
    },
    ask_trace="Parcourez les lignes un crayon à la main : quel nom a quelle valeur après chacune ?",
    ask_language="Quel est ce langage de programmation, et à quoi le reconnaissez-vous ?",
)

QUIZ = QuizPhrases(
    true="Vrai",
    false="Faux",
    name="Quelle expression du texte va dans le blanc ? « {sentence} »",
    output="Qu’affiche ce programme ?",
    output_explanation="Le texte montre cette sortie : {output}",
)

ADVICE = Advice(
    shares=(
        "Il reprend « {term} », que vous avez étudié ou demandé.",
        "Il poursuit « {term} », un de vos sujets.",
        "Vous avez travaillé sur « {term} », et ce cours en traite aussi.",
    ),
    level="Il est à votre niveau, et rien de ce que vous avez étudié n’en est proche.",
    language="Il est dans votre langue, et rien de ce que vous avez étudié n’en est proche.",
)
