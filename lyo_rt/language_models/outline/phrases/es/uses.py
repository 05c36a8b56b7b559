"""Spanish: code, quizzes, recommendations."""

from lyo_rt.language_models.outline.phrases.shape import Advice, CodePhrases, QuizPhrases

CODE = CodePhrases(
    opening="Esto es {language}, {lines} líneas.",
    defines="Define {names}.",
    defines_nothing="No define nada propio: sus líneas se ejecutan de arriba abajo.",
    no_meaning="Esto se ha hecho sin modelo de lenguaje: muestra cómo está construido el código, no lo que significa.",
    no_answer="Por eso tu pregunta queda abierta.",
    unread=(
        "{lines} líneas. Están en un lenguaje que aquí no se lee o que no se puede reconocer, así que no se dice nada "
        "sobre ellas. Indica el lenguaje, o pregunta de nuevo cuando haya un modelo de lenguaje."
    ),
    imports="Trae lo que está escrito en otra parte: {code}.",
    definition="Aquí se define `{name}`.",
    inside="Dentro están {names}.",
    loose="Se ejecuta fuera de toda definición.",
    comment="Un comentario dice: «{text}»",
    flow={
        "loop": "Algo se repite (línea {lines}).",
        "branch": "El camino se divide según una condición (línea {lines}).",
        "error": "Se lanzan o se tratan errores (línea {lines}).",
        "leave": "Se devuelve un valor o se sale antes del bloque (línea {lines}).",
    },
    terms={
        "definition": ("definición", "Da un nombre a un trozo de código para poder usarlo con él en otros lugares."),
        "loop": ("bucle", "Ejecuta las mismas líneas otra vez, para varios valores o mientras se cumple algo."),
        "branch": ("bifurcación", "Líneas que solo se ejecutan si se cumple una condición."),
        "error": ("excepción", "La forma en que el código dice que no puede seguir y en que otro código responde."),
        "leave": ("retorno", "Termina una función; el valor que sigue va al lugar donde se la llamó."),
        "import": ("importación", "Permite usar aquí nombres de otro archivo o de una biblioteca."),
    },
    ask_definition="¿Qué necesita `{name}` y qué devuelve? Calcúlalo con un ejemplo tuyo.",
    ask_flow={
        "loop": "¿Cuántas veces se ejecuta el bucle de la línea {line} y qué lo detiene?",
        "branch": "¿Qué valores entran en la rama de la línea {line} y cuáles pasan de largo?",
        "error": "¿Qué tendría que ocurrir para que la línea {line} importara?",
    },
    ask_trace="Recorre las líneas con un lápiz: ¿qué nombre tiene qué valor después de cada una?",
    ask_language="¿Qué lenguaje de programación es este y en qué lo reconoces?",
)

QUIZ = QuizPhrases(
    true="Verdadero",
    false="Falso",
    name="¿Qué expresión del texto falta en el hueco? «{sentence}»",
    output="¿Qué muestra este programa?",
    output_explanation="El texto muestra esta salida: {output}",
)

ADVICE = Advice(
    shares=(
        "Retoma «{term}», que ya has estudiado o sobre lo que has preguntado.",
        "Continúa con «{term}», uno de tus temas.",
        "Has trabajado sobre «{term}», y este curso también trata de ello.",
    ),
    level="Es de tu nivel, y nada de lo que has estudiado se le parece.",
    language="Está en tu idioma, y nada de lo que has estudiado se le parece.",
)
