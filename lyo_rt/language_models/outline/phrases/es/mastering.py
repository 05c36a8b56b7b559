"""Spanish: the last four stages of the way into a subject."""

from lyo_rt.language_models.outline.phrases.shape import Check, Guide, Stage, StageName

MASTERING: dict[StageName, Stage] = {
    "practice": Stage(
        title="Probarlo",
        summary="Del primer intento propio a los errores que conviene conocer.",
        objective="Resolver por tu cuenta un ejercicio sencillo de {topic} y comprobar el resultado",
        lessons=(
            Guide(
                title="Un primer intento propio",
                focus="Hacer una tarea pequeña de principio a fin sin modelo que copiar.",
                opening=(
                    "Tarde o temprano leer sobre {topic} tiene que convertirse en hacer. Elige una tarea tan pequeña "
                    "que casi parezca demasiado fácil; aun así te enseñará algo."
                ),
                questions=(
                    "¿Qué tarea de {topic} se puede terminar en veinte minutos?",
                    "¿Cómo sabrás que el resultado es correcto antes de mirar una solución?",
                    "¿Qué tuviste que adivinar por el camino?",
                ),
                look_for=(
                    "colecciones de ejercicios con soluciones",
                    ("la diferencia entre tu camino y el impreso, aunque los resultados coincidan"),
                ),
                exercise="Veinte minutos",
                instructions=(
                    "Pon un temporizador de veinte minutos y trabaja en un ejercicio de {topic}. Anota cada "
                    "decisión. Solo entonces compara con una solución y marca dónde se separan los caminos."
                ),
            ),
            Guide(
                title="Errores que conviene conocer",
                focus="Encontrar errores típicos y lo que hace tentador a cada uno.",
                opening=(
                    "Nadie se equivoca al azar. Detrás de casi todo error hay una idea que en otro lugar es "
                    "correcta. Quien conoce la idea evita el error."
                ),
                questions=(
                    "¿De qué error advierten una y otra vez las fuentes sobre {topic}?",
                    "¿En qué situación sería correcta la idea que hay detrás?",
                    "¿Por qué señal puedes detectarlo en tu propio trabajo?",
                ),
                look_for=(
                    "apartados llamados «errores comunes» o «malentendidos»",
                    "preguntas de principiantes en foros y las respuestas pacientes que reciben",
                ),
                exercise="Un error a propósito",
                instructions=(
                    "Escribe una solución breve a un ejercicio de {topic} con un error típico escondido. Déjala un "
                    "día; después encuéntralo y escribe la corrección como para un amigo."
                ),
            ),
        ),
        check=Check(
            question="Tu resultado no coincide con la solución impresa. ¿Qué haces primero?",
            options=(
                "Recorrer ambos paso a paso y buscar la primera diferencia",
                "Copiar con cuidado la solución impresa y pasar al siguiente",
                "Suponer que la solución tiene una errata y seguir adelante",
                "Empezar de nuevo el ejercicio por el mismo camino de antes",
            ),
            explanation=("La primera diferencia muestra dónde se separó el razonamiento; ahí hay algo que aprender."),
        ),
    ),
    "connections": Stage(
        title="Conexiones",
        summary="Qué tiene que ver el tema con cosas que te importan.",
        objective="Nombrar dos conexiones entre {topic} y otros campos, con ejemplos",
        lessons=(
            Guide(
                title="{topic} y {interest}",
                focus="Buscar un lugar donde el tema aparece de verdad allí.",
                opening=(
                    "Piensa en «{interest}». En algún punto actúa {topic}, a la vista o con otro nombre. Encuentra "
                    "ese punto."
                ),
                questions=(
                    "¿Dónde decide alguien algo allí con ayuda de {topic}?",
                    "¿Qué se haría de otra manera sin ese conocimiento?",
                    "¿Con qué términos de tus tarjetas puedes describirlo?",
                ),
                look_for=(
                    "páginas que nombran «{topic}» e «{interest}» en una misma frase",
                    "un ejemplo con detalle suficiente para volver a contarlo",
                ),
                exercise="Una página para entusiastas",
                instructions=(
                    "Escribe media página para alguien que adora «{interest}» y nunca ha oído hablar de {topic}: un "
                    "ejemplo, dos términos, una pregunta abierta."
                ),
            ),
            Guide(
                title="Una comparación con {interest}",
                focus="Hacer una comparación y averiguar dónde se rompe.",
                opening=(
                    "Las comparaciones son puentes: sostienen hasta que se rompen. Una entre «{interest}» y {topic} "
                    "te enseña a la vez el parecido y su límite."
                ),
                questions=(
                    "¿Qué se comporta allí como una parte central de {topic}?",
                    "¿Qué corresponde a qué, pieza por pieza?",
                    "¿En qué punto engaña la comparación?",
                ),
                look_for=(
                    "comparaciones que usan los docentes y las advertencias que las acompañan",
                    "propiedades que solo existen en uno de los lados",
                ),
                exercise="Dos columnas",
                instructions=(
                    "Haz una tabla con «{interest}» a la izquierda y {topic} a la derecha. Rellena cinco pares que "
                    "se correspondan y una sexta línea con el punto en que falla la comparación."
                ),
            ),
        ),
        check=Check(
            question="¿Qué hace útil una comparación para aprender?",
            options=(
                "Se puede decir qué partes se corresponden y dónde deja de valer",
                "Es tan divertida que se recuerda sin ningún esfuerzo adicional",
                "Sustituye a los términos técnicos, de modo que ya no hacen falta",
                "Procede de un campo del que todavía no se sabe nada en absoluto",
            ),
            explanation="Una comparación enseña por sus partes y por su límite; tomada entera, engaña.",
        ),
    ),
    "limits": Stage(
        title="Límites y preguntas abiertas",
        summary="Qué no puede hacer el tema, qué se discute y cuánto se puede confiar en las fuentes.",
        objective="Juzgar hasta qué punto es fiable una afirmación sobre {topic}",
        lessons=(
            Guide(
                title="Lo que {topic} no puede",
                focus="Encontrar las condiciones en las que las ideas del tema dejan de valer.",
                opening=("Domina una herramienta quien sabe cuándo dejarla en la caja. ¿Dónde termina {topic}?"),
                questions=(
                    "¿Qué condiciones dan por supuestas casi todas las explicaciones?",
                    "¿Qué ejemplo no encaja, y qué hacen las fuentes con él?",
                    "¿En qué no están de acuerdo los expertos?",
                ),
                look_for=(
                    "apartados llamados «críticas», «limitaciones» o «problemas abiertos»",
                    "palabras pequeñas: normalmente, aproximadamente, suponiendo que",
                ),
                exercise="El contraejemplo",
                instructions=(
                    "Toma una regla de {topic} y busca un caso en que falle. Describe en cinco frases qué es "
                    "distinto en ese caso."
                ),
            ),
            Guide(
                title="Sopesar las fuentes",
                focus="Comprobar una afirmación volviendo a su origen.",
                opening=(
                    "Mucho de lo que se dice sobre {topic} se ha copiado tantas veces que ya nadie pregunta de dónde "
                    "salió. Tú preguntarás, una vez, hasta el final."
                ),
                questions=(
                    "¿Quién lo dice, cuándo y en qué se apoya?",
                    "¿Dice eso de verdad la fuente citada?",
                    "¿Quién ganaría si se creyera?",
                ),
                look_for=(
                    "notas y referencias: sigue una hasta el final",
                    "la fecha: si alguien ha vuelto a mirarlo desde entonces",
                ),
                exercise="Una afirmación, tres estaciones",
                instructions=(
                    "Elige una afirmación sobre {topic} con un número o un superlativo. Síguela hacia atrás por tres "
                    "fuentes y anota en cada estación cómo cambia la redacción."
                ),
            ),
        ),
        check=Check(
            question=("Una página afirma algo llamativo y cita un estudio. ¿Qué muestra mejor si es sólido?"),
            options=(
                "Buscar el estudio y leer qué examinó en realidad",
                "Contar cuántas otras páginas repiten lo mismo",
                "Ver si la página está bien diseñada y se lee bien",
                "Pensar si coincide con lo que uno ya esperaba",
            ),
            explanation=(
                "Solo el origen muestra qué se encontró; la repetición, el diseño y lo esperado no prueban nada."
            ),
        ),
    ),
    "review": Stage(
        title="Repaso y perspectiva",
        summary="Recordar sin notas, transmitir lo aprendido y planear el paso siguiente.",
        objective="Presentar {topic} de memoria y decir qué quieres aprender después",
        lessons=(
            Guide(
                title="De memoria",
                focus="Recordar sin notas y luego cerrar los huecos a propósito.",
                opening=(
                    "Guárdalo todo. Lo que sigue ahí es tuyo; los huecos son la mejor guía de lo que hay que releer."
                ),
                questions=(
                    "¿Qué términos de {topic} puedes explicar sin mirar?",
                    "¿Cómo es el mapa del primer módulo si lo dibujas de nuevo ahora?",
                    "¿Cuáles de tus cinco preguntas puedes responder?",
                ),
                look_for=(
                    "lo que falta en el mapa nuevo comparado con el antiguo",
                    "pasajes que creías saber y no pudiste volver a contar",
                ),
                exercise="La hoja en blanco",
                instructions=(
                    "Llena en diez minutos una hoja en blanco sobre {topic}, sin notas. Añade en otro color lo que "
                    "faltaba. Repítelo dentro de tres días, solo con ese color."
                ),
            ),
            Guide(
                title="Transmitirlo",
                focus="Enseñar una parte del tema y planear cómo seguir.",
                opening=("Quien enseña aprende dos veces: al preparar y con la primera pregunta del público."),
                questions=(
                    "¿Qué parte de {topic} merece cinco minutos del tiempo de un amigo?",
                    "¿Qué pregunta hará, y qué dirás?",
                    "¿Qué es lo próximo que quieres saber hacer?",
                ),
                look_for=(
                    "un curso o un libro que empiece donde termina este plan",
                    "personas que trabajan con {topic}: asociaciones, foros, conferencias",
                ),
                exercise="Cinco minutos",
                instructions=(
                    "Explica a alguien una parte de {topic} en cinco minutos. Anota la primera pregunta que haga. "
                    "Escribe tu próximo objetivo con una fecha."
                ),
            ),
        ),
        check=Check(
            question="¿Qué hace que quede más de lo aprendido?",
            options=(
                "Recordarlo varias veces sin notas, con días entre una y otra",
                "Releer todas las notas al final en una sola tarde muy larga",
                "Pasar las notas a limpio en un segundo cuaderno mejor",
                "Empezar enseguida un tema nuevo para no perder el ritmo",
            ),
            explanation=("Recordar con pausas fortalece la memoria; releer solo hace que el texto parezca familiar."),
        ),
    ),
}
