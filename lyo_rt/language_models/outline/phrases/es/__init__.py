"""Spanish."""

from lyo_rt.language_models.outline.phrases.es.entering import ENTERING
from lyo_rt.language_models.outline.phrases.es.mastering import MASTERING
from lyo_rt.language_models.outline.phrases.es.uses import ADVICE, CODE, QUIZ
from lyo_rt.language_models.outline.phrases.shape import Phrases, Reading, Structure

PHRASES = Phrases(
    language="es",
    title="{topic}: un plan de estudio guiado",
    description=(
        "Un plan de estudio sobre «{topic}» en {modules} módulos. Se ha compuesto sin un modelo de lenguaje: "
        "pregunta, remite a fuentes abiertas y propone ejercicios; los hechos los deja a esas fuentes."
    ),
    prerequisite="Los términos básicos de {topic}",
    everyday=(
        "la vida diaria",
        "una materia vecina",
    ),
    guiding_questions="Preguntas guía",
    look_for="En qué fijarse",
    how_to_work="Cómo trabajar",
    where_to_look="Dónde buscar",
    assessment_title="Comprobación: {module}",
    search_title="{source}: buscar «{query}»",
    definition=(
        ("Para definir por tu cuenta: busca «{term}» en una de las fuentes y resume su significado en una frase."),
        "Reúne dos definiciones de «{term}» y anota lo que tienen en común.",
        "Escribe qué abarca «{term}» y algo que no abarca.",
        "Explica «{term}» con un ejemplo propio cuando hayas leído sobre ello.",
    ),
    levels={
        "beginner": "Empieza por un artículo de enciclopedia; una buena fuente basta para esta lección.",
        "intermediate": "Usa dos fuentes de distinto tipo y anota en qué se diferencian.",
        "advanced": (
            "Ve a una fuente primaria o a un artículo de revisión y comprueba en qué se apoyan sus afirmaciones."
        ),
    },
    styles={
        "visual": (
            "Reserva una página para bocetos: cada respuesta lleva un dibujo pequeño, un esquema con flechas o una "
            "tabla."
        ),
        "auditory": "Di cada respuesta en voz alta, o grábala, antes de escribir nada.",
        "kinesthetic": (
            "Trabaja de pie o con tarjetas que puedas mover; representa una idea con gestos donde sea posible."
        ),
        "hands_on": "Prueba primero algo, por pequeño que sea, y lee después por qué salió así.",
        "reading_writing": (
            "Escribe cada respuesta en frases completas y copia la mejor línea de cada fuente con su referencia."
        ),
    },
    stages={**ENTERING, **MASTERING},
    reading=Reading(
        description=(
            "Un curso por el texto que has dado, en {modules} módulos. Se ha compuesto sin un modelo de lenguaje: "
            "los pasajes, los términos y las preguntas son del propio texto."
        ),
        module_summary="Esta parte trata de: {terms}.",
        objective="Decir con palabras propias qué dice el texto sobre «{term}»",
        focus="El pasaje que empieza: «{sentence}»",
        summary="Lees el pasaje sobre {terms} y puedes contar sus puntos principales.",
        passage="El pasaje",
        main_points="Puntos principales",
        questions_heading="Preguntas para la lectura",
        questions=(
            "¿Qué dice el pasaje sobre «{term}», en tus propias palabras?",
            "¿Cómo se relacionan aquí «{term}» y «{other}»?",
            "¿Qué frase echarías más de menos si se quitara?",
            "¿Qué da el autor por sabido sobre «{term}»?",
            "¿Dónde pedirías un ejemplo o una prueba?",
        ),
        quoting=(
            "El texto dice: «{sentence}» ¿Por qué es así, según el texto?",
            "Toma esta línea: «{sentence}» ¿Qué cambiaría si no fuera verdad?",
        ),
        definition="En el texto: «{sentence}»",
        exercise=(
            "Volver a contarlo",
            "Preguntar",
            "Una frase por párrafo",
            "Dibujarlo",
        ),
        instructions=(
            ("Tapa el pasaje y escribe en cuatro frases qué dice sobre «{term}». Destápalo y añade lo que faltaba."),
            (
                "Escribe tres preguntas que el pasaje responde, una de ellas sobre «{term}». Respóndelas mañana sin "
                "mirar."
            ),
            ("Reduce cada párrafo a una frase de quince palabras como mucho. En una de ellas debe aparecer «{term}»."),
            (
                "Dibuja cómo se relacionan «{term}» y «{other}» según el pasaje y escribe en cada flecha un verbo "
                "del texto."
            ),
        ),
        cloze="¿Qué expresión falta? «{sentence}»",
        cloze_explanation="El texto dice: «{sentence}»",
        which_term="¿Qué término se explica así: «{definition}»?",
    ),
    structure=Structure(
        focus="¿De qué trata la lección «{title}»?",
        exercise="¿Qué ejercicio corresponde a la lección «{title}»?",
        objective="¿Qué objetivo corresponde al módulo «{title}»?",
        explanation="Así figura en el plan de este módulo.",
    ),
    code=CODE,
    quiz=QUIZ,
    advice=ADVICE,
)
