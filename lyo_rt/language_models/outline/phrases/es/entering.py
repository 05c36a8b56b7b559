"""Spanish: the first four stages of the way into a subject."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Stage, StageName

ENTERING: dict[StageName, Stage] = {
    "orientation": Stage(
        title="Orientarse",
        summary="De qué trata el tema, dónde aparece y qué traes ya contigo.",
        objective="Describir en pocas frases de qué se ocupa {topic}",
        lessons=(
            Guide(
                title="Un primer mapa de {topic}",
                focus="Obtener una visión general: las partes del tema y cómo se relacionan.",
                opening=(
                    "Antes de leer una sola línea: ¿qué te viene a la mente al oír «{topic}»? A eso se unirá lo "
                    "nuevo. Esta lección lo convierte en un primer mapa."
                ),
                questions=(
                    "¿Qué pregunta intenta responder {topic}, y para quién?",
                    "¿En qué tres a cinco partes suelen dividirlo las introducciones?",
                    "¿Cuál de esas partes te ha sorprendido?",
                ),
                look_for=(
                    ("el primer párrafo de un artículo de enciclopedia: qué nombra antes que nada"),
                    "el índice de un manual: es un mapa que alguien ya ha dibujado",
                ),
                exercise="Dibujar el mapa",
                instructions=(
                    "Escribe {topic} en el centro de una hoja. Alrededor van las partes que has encontrado, unidas "
                    "por líneas; en cada línea anota por qué van juntas. Marca lo que aún no sabes explicar."
                ),
            ),
            Guide(
                title="Dónde aparece {topic}",
                focus="Encontrar lugares donde el tema importa y reunir preguntas propias.",
                opening=(
                    "Es más fácil entrar en un tema por una puerta que ya usas. Busca los sitios donde {topic} "
                    "aparece sin que nadie lo llame: en el trabajo, en las noticias, en lo que te gusta hacer."
                ),
                questions=(
                    "¿Dónde te encontraste con {topic} por última vez sin darle ese nombre?",
                    "¿Quién lo usa cada día, y qué no podría hacer sin ello?",
                    "¿Qué te gustaría saber hacer al final de este curso?",
                ),
                look_for=(
                    "ejemplos con un lugar, una persona o un número: se pueden comprobar",
                    "palabras que se repiten; tendrán su sitio en el módulo siguiente",
                ),
                exercise="Cinco preguntas",
                instructions=(
                    "Escribe cinco preguntas tuyas sobre {topic}, desde la más sencilla hasta la que casi no te "
                    "atreves a hacer. Guarda la hoja: el último módulo vuelve a ella."
                ),
            ),
        ),
        check=Check(
            question="Abres un artículo largo sobre un tema nuevo para ti. ¿Qué ayuda más al principio?",
            options=(
                "Leer la introducción y los títulos para ver cómo está dividido",
                "Leer despacio cada frase, desde la primera hasta la última",
                "Aprender de memoria las cifras antes de pasar al texto",
                "Saltar al final para conocer la opinión del autor",
            ),
            explanation="Una visión general da un sitio a los detalles; sin ella se olvidan uno a uno.",
        ),
    ),
    "vocabulary": Stage(
        title="Las palabras del tema",
        summary=("Los términos que hacen falta para seguir leyendo y en qué se distinguen de las palabras corrientes."),
        objective="Usar bien los términos centrales de {topic} en frases propias",
        lessons=(
            Guide(
                title="Reunir los términos de {topic}",
                focus="Encontrar de diez a quince términos y decir cada uno con palabras propias.",
                opening=(
                    "Cada campo tiene palabras que abren puertas y otras que solo suenan importantes. Las "
                    "distinguirás por lo mucho que las fuentes las necesitan."
                ),
                questions=(
                    "¿Qué términos aparecen en todas las fuentes sobre {topic} que abres?",
                    "¿Qué palabra corriente significa aquí algo más preciso que en la calle?",
                    "¿De qué término podrías prescindir sin perder nada?",
                ),
                look_for=(
                    "palabras en negrita o con artículo propio",
                    ("la frase en la que un término aparece por primera vez; suele ser la definición"),
                ),
                exercise="Diez tarjetas",
                instructions=(
                    "Haz una tarjeta para cada uno de diez términos: delante la palabra; detrás una frase tuya y un "
                    "ejemplo. Mejor dejar el dorso en blanco que copiar lo que no entiendes."
                ),
            ),
            Guide(
                title="Cómo se relacionan los términos",
                focus=("Ordenar los términos: cuál es más amplio, cuál es una parte, cuál es lo contrario."),
                opening=(
                    "Quince palabras en tarjetas son un montón. Se vuelven conocimiento cuando puedes decir cómo una "
                    "lleva a otra."
                ),
                questions=(
                    "¿Qué dos términos de {topic} se confunden más, y qué los separa?",
                    "¿Qué término contiene a otros como clases o como partes?",
                    "¿Cuál no se puede explicar sin otro?",
                ),
                look_for=(
                    "expresiones como «un tipo de», «a diferencia de», «se compone de»",
                    "lugares donde dos fuentes usan una palabra de forma distinta",
                ),
                exercise="Ordenar y unir",
                instructions=(
                    "Coloca tus tarjetas de {topic} de modo que lo relacionado quede junto. Escribe entre cada par "
                    "la palabra que las une: causa, contiene, contradice, necesita. Haz una foto del resultado."
                ),
            ),
        ),
        check=Check(
            question=("Dos fuentes definen el mismo término de manera distinta. ¿Cuál es el paso más útil?"),
            options=(
                "Comparar qué casos abarca cada definición y cuáles deja fuera",
                "Quedarse con la más larga, porque debe contener a la más corta",
                "Quedarse con la definición que apareció primero por casualidad",
                "Evitar el término desde ahora y describirlo con otras palabras",
            ),
            explanation=(
                "Los casos límite muestran qué dice de verdad una definición; la longitud y el orden no muestran nada."
            ),
        ),
    ),
    "workings": Stage(
        title="Cómo funciona",
        summary="Las ideas que sostienen el tema, seguidas paso a paso en un ejemplo.",
        objective="Explicar paso a paso la idea principal de {topic}",
        lessons=(
            Guide(
                title="La idea que hay detrás de {topic}",
                focus="Encontrar el principio del que se deriva casi todo lo demás.",
                opening=(
                    "Detrás de muchos detalles suele haber dos o tres ideas que hacen el trabajo. Una idea es "
                    "central si sin ella se caen otras cosas."
                ),
                questions=(
                    "¿Qué idea habría que quitar para que {topic} dejara de tener sentido?",
                    "¿Qué observación o qué problema se quería explicar con ella?",
                    "¿Qué se sigue de qué: dónde dice una fuente «porque»?",
                ),
                look_for=(
                    "palabras de razón: porque, por tanto, para que, se sigue",
                    "un esquema o una fórmula que vuelve en varias fuentes",
                ),
                exercise="Explicarlo a un niño",
                instructions=(
                    "Explica la idea central de {topic} en seis frases a alguien de diez años. Ningún término "
                    "técnico sin ejemplo. Donde te atasques, sabrás qué leer después."
                ),
            ),
            Guide(
                title="Un ejemplo de principio a fin",
                focus="Seguir un solo ejemplo resuelto y dar la razón de cada paso.",
                opening=(
                    "Un ejemplo entendido hasta el último paso vale más que diez leídos por encima. Elige uno que "
                    "quepa en una página."
                ),
                questions=(
                    "¿Qué se da al principio del ejemplo y qué se busca?",
                    "¿En qué paso habrías hecho otra cosa, y qué habría ocurrido?",
                    "¿Qué paso aplica una regla y cuál es una decisión?",
                ),
                look_for=(
                    "ejemplos resueltos en manuales abiertos y apuntes",
                    "el paso que el autor despacha con «evidentemente»; ese merece tu tiempo",
                ),
                exercise="Tapar y continuar",
                instructions=(
                    "Tapa el ejemplo de {topic} después del primer paso. Escribe tú el siguiente, destapa, compara y "
                    "anota junto a cada paso su razón."
                ),
            ),
        ),
        check=Check(
            question="¿Cómo averiguas mejor si has entendido una explicación?",
            options=(
                "Cerrar la fuente y explicar cada paso con una razón propia",
                "Releer la explicación hasta que cada palabra resulte familiar",
                "Subrayar las frases que suenan como si fueran importantes",
                "Buscar una segunda fuente que vuelva a decir lo mismo",
            ),
            explanation="Lo familiar parece comprendido; solo al explicar sin la fuente se ven los huecos.",
        ),
    ),
    "goals": Stage(
        title="Hacia tus objetivos",
        summary=("Cada objetivo que nombraste recibe su propio trabajo y una prueba de que se ha alcanzado."),
        objective="Mostrar con un trabajo propio hasta dónde se ha alcanzado cada objetivo",
        lessons=(
            Guide(
                title="Desmontar: {objective}",
                focus="Dividir el objetivo «{objective}» en pasos que se puedan marcar.",
                opening=(
                    "Te has propuesto «{objective}». A las metas grandes se llega con pasos pequeños cuyo final se "
                    "ve; esta lección los encuentra."
                ),
                questions=(
                    "¿Qué vería alguien que te observa cuando ya sepas hacerlo?",
                    "¿Qué tiene que ir primero, porque lo demás se apoya en ello?",
                    "¿Qué parte sabes hacer hoy?",
                ),
                look_for=(
                    "páginas de cursos con un objetivo parecido, y qué practican para él",
                    "preguntas de examen o ejercicios de {topic} que piden justo eso",
                ),
                exercise="Una escalera de cinco peldaños",
                instructions=(
                    "Escribe cinco pasos desde lo que ya sabes hasta «{objective}». Cada uno empieza con un verbo "
                    "cuyo resultado se ve. Da el primero hoy."
                ),
            ),
            Guide(
                title="Reunir material: {objective}",
                focus="Encontrar y juzgar las fuentes que te llevan a «{objective}».",
                opening=(
                    "Para «{objective}» no necesitas todo lo que hay sobre {topic}, sino las tres páginas adecuadas. "
                    "Elegirlas es la mitad del trabajo."
                ),
                questions=(
                    "¿Qué pregunta debe responder una fuente para servir a este objetivo?",
                    "¿Qué da por sabido que tú aún no sabes?",
                    "¿En qué notarías que está anticuada o es parcial?",
                ),
                look_for=(
                    "autor, año e intención de cada fuente",
                    "un ejercicio con solución con el que puedas comprobarte",
                ),
                exercise="Tres páginas",
                instructions=(
                    "Elige tres páginas de fuentes abiertas para «{objective}». Dedica a cada una una frase: qué "
                    "aporta y qué le falta."
                ),
            ),
            Guide(
                title="Mostrarlo: {objective}",
                focus="Hacer algo que pruebe que se ha alcanzado «{objective}».",
                opening=(
                    "Un objetivo está alcanzado cuando otra persona puede verlo. Decide qué mostrarás para "
                    "«{objective}»: un texto, un cálculo, un dibujo, algo que funcione."
                ),
                questions=(
                    "¿Con qué tres señales juzgarás tu propio trabajo?",
                    "¿A quién podrías enseñárselo, y qué le preguntarías?",
                    "¿Qué dejarás fuera para poder terminarlo?",
                ),
                look_for=(
                    "trabajos de otras personas y qué los hace convincentes",
                    "errores de los que advierten",
                ),
                exercise="La obra",
                instructions=(
                    "Termina de una vez una primera versión pequeña para «{objective}». Júzgala con tus tres señales "
                    "y mejora después lo que más lo necesite."
                ),
            ),
        ),
        check=Check(
            question="¿Cuál de estos objetivos se puede comprobar mejor?",
            options=(
                "Resuelvo tres ejercicios nuevos sin ayuda y explico cada paso",
                "Conozco el tema mucho mejor que a comienzos del mes pasado",
                "He dedicado por lo menos diez horas a todo el material",
                "Me siento a gusto cuando el tema sale en la conversación",
            ),
            explanation=(
                "Nombra algo que se puede ver; el tiempo dedicado y la sensación dicen poco sobre lo que se sabe hacer."
            ),
        ),
    ),
}
