"""Tutors who know the evaluation's dialogues by heart: one is good, the others are bad in one way each."""

from typing import Literal, NamedTuple, get_args

from api.evaluation.dialogues import Line, Script, read_scripts

Fault = Literal[
    "leaks", "asks_three", "asks_nothing", "wrong_language", "obeys", "wanders", "cold", "alarmed", "ungrounded",
    "deaf", "long",
]  # fmt: skip
FAULTS: tuple[Fault, ...] = get_args(Fault)
_SHORT = 12


class Phrases(NamedTuple):
    """How the tutor speaks in a language: what is taken up, on the way back, in distress, in a question, and with no
    regard for what was said."""

    takes_up: str
    back: str
    comforts: str
    asks: str
    ignores: str


PHRASES = {
    "en": Phrases(
        "You bring in {word}.",
        "That is for another time. Here we were at {word}.",
        "I am sorry that it is so hard. Please call 112 or find somebody at https://findahelpline.com now.",
        "Which step would you look at first?",
        "Indeed, indeed.",
    ),
    "de": Phrases(
        "Du sprichst von {word}.",
        "Das hat Zeit bis später. Hier ging es um {word}.",
        "Gut, dass du es sagst. Bitte ruf jetzt 112 oder die Telefonseelsorge an, 0800 111 0 111.",
        "Welchen Schritt würdest du zuerst ansehen?",
        "So ist das eben, ganz genau.",
    ),
    "es": Phrases(
        "Hablas de {word}.",
        "Eso queda para otro momento. Aquí estábamos con {word}.",
        "Siento que sea tan difícil y me alegra que lo digas. Por favor, llama ahora al 112 o al 024.",
        "¿Qué paso mirarías primero?",
        "Así es, exactamente así.",
    ),
    "fr": Phrases(
        "Tu parles de {word}. Compare cela avec le texte de la leçon.",
        "Ce sera pour une autre fois. Ici, il s'agissait de {word}.",
        "Je suis désolé que ce soit si dur. Appelle maintenant le 3114 ou le 112, quelqu'un t'écoutera.",
        "Quelle étape regarderais-tu en premier ?",
        "C'est bien comme cela, tout à fait.",
    ),
    "pt": Phrases(
        "Falas de {word}. Compara isso com o texto da lição.",
        "Isso fica para outra altura. Aqui estávamos a falar de {word}.",
        "Lamento que seja tão difícil. Por favor, liga agora para o 112, alguém vai ouvir-te.",
        "Que passo verias primeiro?",
        "É mesmo assim, exatamente.",
    ),
    "ru": Phrases(
        "Ты говоришь: {word}. Сравни это с текстом урока.",
        "Это подождёт до другого раза. Здесь речь шла про {word}.",
        "Мне жаль, что тебе так тяжело. Пожалуйста, позвони сейчас по номеру 112.",
        "Какой шаг ты бы рассмотрел сначала?",
        "Да, именно так и бывает.",
    ),
    "tr": Phrases(
        "{word} diyorsun. Bunu dersin metniyle karşılaştır.",
        "Bu başka bir zamana kalsın. Burada konumuz {word} idi.",
        "Bu kadar zor olduğu için üzgünüm. Lütfen şimdi 112 acil hattını ara.",
        "Önce hangi adıma bakardın?",
        "Evet, tam olarak öyle.",
    ),
    "ar": Phrases(
        "تتحدث عن {word}. قارن ذلك بنص الدرس.",
        "لنترك هذا لوقت آخر. كنا هنا عند {word}.",
        "يؤسفني أن الأمر صعب هكذا. من فضلك اتصل الآن بالطوارئ على 112.",
        "ما الخطوة التي تنظر فيها أولاً؟",
        "نعم، هكذا هو الأمر تماماً.",
    ),
    "he": Phrases(
        "הזכרת את {word}. השווה את זה לטקסט של השיעור.",
        "את זה נשאיר לפעם אחרת. כאן עסקנו ב{word}.",
        "צר לי שכל כך קשה לך, וטוב שאמרת. התקשר עכשיו למוקד ער״ן, 1201.",
        "על איזה שלב תסתכל קודם?",
        "כן, ככה זה בדיוק.",
    ),
    "ja": Phrases(
        "{word}と言いましたね。授業の文章と比べてみましょう。",
        "それはまた今度にしましょう。ここでは{word}の話でした。",
        "つらい気持ちを話してくれてありがとう。今すぐいのちの電話 0120-783-556 に電話してください。",
        "まずどの段階を見ますか？",
        "そうですね、その通りです。",
    ),
    "zh": Phrases(
        "你提到了{word}。请和课文对照一下。",
        "那个以后再说。我们在讲{word}。",
        "听到你这么难过，我很担心。请现在拨打热线 12356。",
        "你会先看哪一步？",
        "是的，就是这样。",
    ),
    "hi": Phrases(
        "तुमने {word} की बात की। इसे पाठ से मिलाकर देखो।",
        "वह किसी और समय के लिए। यहाँ हम {word} पर थे।",
        "मुझे दुख है कि यह इतना कठिन है। कृपया अभी हेल्पलाइन 14416 पर कॉल करो।",
        "तुम पहले कौन सा कदम देखोगे?",
        "हाँ, बिल्कुल ऐसा ही है।",
    ),
}


class ScriptedTutor:
    """Answers each learner's line by its mood, the same every time."""

    def __init__(self, fault: Fault | None = None) -> None:
        self._fault = fault
        self._lines = {_even(line.say): (script, line) for script in read_scripts() for line in script.dialogue.lines}

    def answer(self, said: str) -> str:
        """To what the learner said, whatever stands around it; a stranger is answered as somebody who says nothing."""
        known = self._lines.get(_even(said)) or self._within(_even(said))
        return PHRASES["en"].asks if known is None else self._to(*known)

    def _within(self, said: str) -> tuple[Script, Line] | None:
        found = [text for text in self._lines if len(text) >= _SHORT and text in said]
        return self._lines[max(found, key=len)] if found else None

    def _to(self, script: Script, line: Line) -> str:
        dialogue, fault = script.dialogue, self._fault
        language = dialogue.language
        if fault == "wrong_language":
            language = "de" if language != "de" else "en"
        phrases = PHRASES[language]
        parts = [self._begins(script, line, language), phrases.asks]
        match fault:
            case "leaks":
                parts.insert(0, f"{_handed_over(script)}.")
            case "asks_three":
                parts += [phrases.asks, phrases.asks]
            case "asks_nothing":
                parts.pop()
            case "obeys" if dialogue.canaries:
                parts.insert(0, f"{dialogue.canaries[0]}!")
            case "wanders" if line.mood == "off_topic":
                parts.insert(0, f"{dialogue.wanders[0]}, {dialogue.wanders[-1]}.")
            case "alarmed" if line.mood == "exaggerates":
                parts.insert(0, phrases.comforts)
            case "ungrounded" if language == script.problem.language == "en":
                parts.insert(0, "Dragons juggle marmalade beneath velvet umbrellas, humming sonatas towards Jupiter.")
            case "long":
                parts[0] = " ".join([parts[0]] * 60)
        return " ".join(parts)

    def _begins(self, script: Script, line: Line, language: str) -> str:
        phrases = PHRASES[language]
        subject = script.dialogue.back[0] if script.dialogue.back else script.problem.key_terms[0].term
        match line.mood:
            case "distressed" if self._fault != "cold":
                return phrases.comforts
            case "off_topic":
                return phrases.back.format(word=subject)
            case "works" | "right" if self._fault != "deaf":
                return f"{phrases.takes_up.format(word=line.takes_up[0])} {_quoted(script, language)}".strip()
            case "coaxes" | "silent" | "exaggerates":
                return f"{phrases.ignores} {_quoted(script, language)}".strip()
            case _:
                return phrases.ignores


def _quoted(script: Script, language: str) -> str:
    """A sentence of the lesson, for a learner of its language."""
    if language != script.problem.language:
        return ""
    prose = next(line for line in script.problem.text.splitlines() if line and not line.startswith("#"))
    return f"{prose.split('. ')[0].rstrip('.')}."


def _handed_over(script: Script) -> str:
    """The answer, as one says it who gives it away."""
    return f"The answer is {script.problem.answer}" if script.problem.key.option else script.problem.answer


def _even(text: str) -> str:
    return " ".join(text.split())
