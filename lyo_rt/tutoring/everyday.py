"""What learners talk about when they talk about something else: everyday words, by topic, in many languages. Pure.

A topic is no way off the subject where the material has one of its words: a course may be about films.
"""

import re
from functools import cache

from lyo_rt.tutoring.folding import unaccented

TOPICS: dict[str, str] = {
    "films": (
        "film films movie movies cinema netflix tv_show serie series pelicula peliculas filme filmes kino "
        "kinofilm фильм* кино сериал* dizi filmi film_izle فيلم أفلام مسلسل סרט סרטים סדרה 电影 電影 "
        "电视剧 映画 ドラマ फ़िल्म फिल्म "
    ),
    "sport": (
        "football soccer basketball world_cup championship striker* goalkeeper fussball bundesliga "
        "weltmeister* futbol mundial partido_de coupe_du_monde calcio futebol футбол* чемпионат* mac kac "
        "maci كرة_القدم مباراة כדורגל משחק_כדור 足球 世界杯 球赛 サッカー 野球 फ़ुटबॉल क्रिकेट "
    ),
    "food": (
        "recipe* pancake* pizza burger* lunch dinner hungry rezept* pfannkuchen hunger abendessen receta* "
        "hambre cena recette* faim diner ricetta fame receita* fome рецепт* пицц* голод* tarif* acim وصفة "
        "جائع מתכון רעב 菜谱 食谱 饿 レシピ お腹 रेसिपी भूख "
    ),
    "love": (
        "girlfriend boyfriend love_letter dating crush freundin liebesbrief verliebt novia novio "
        "carta_de_amor petite_amie lettre_d'amour amoureux fidanzat* namorad* любовн* подружк* sevgilim "
        "ask_mektubu رسالة_حب حبيب* מכתב_אהבה חברה_שלי 情书 女朋友 男朋友 ラブレター 彼女 彼氏 प्रेम_पत्र "
    ),
    "weather": (
        "weather wetter clima_hoy que_tiempo meteo погод* hava_durumu nasil_hava الطقس מזג_האוויר 天气 天気 मौसम "
    ),
    "games": (
        "minecraft fortnite roblox playstation xbox video_game videospiel* videojuego* jeu_video "
        "videogame* видеоигр* oyun_oyna* لعبة_فيديو משחק_מחשב 电子游戏 游戏 ゲーム गेम "
    ),
    "music": (
        "song songs concert playlist lied konzert cancion canciones concierto chanson canzone musica "
        "песн* концерт* sarki sarkisi أغنية שיר_חדש 歌曲 演唱会 歌手 コンサート गाना "
    ),
    "jokes": (
        "joke jokes witz witze chiste chistes blague blagues barzelletta piada шутк* анекдот* fikra* saka "
        "نكتة בדיחה 笑话 冗談 चुटकुला "
    ),
    "money": (
        "bitcoin lottery lotto stocks_to_buy loteria loterie lotterie лотере* piyango הגרלה يانصيب 彩票 宝くじ लॉटरी "
    ),
}
"""Words as they are folded, `*` for any ending, `_` for a space. None that a lesson uses in passing."""
_ATTACHING = re.compile("[\u0590-\u06ff\u0900-\u097f\u3040-\u30ff\u3400-\u9fff]")
"""Scripts whose words stand without a space before them, or behind an article."""


def topic_of(message: str, material: str) -> str | None:
    """The everyday topic a message is about that the material has nothing of."""
    plain = unaccented(message)
    for topic, words in _topics().items():
        if words.search(plain) and not words.search(unaccented(material)):
            return topic
    return None


@cache
def _topics() -> dict[str, re.Pattern[str]]:
    return {topic: re.compile("|".join(map(_pattern, words.split()))) for topic, words in TOPICS.items()}


def _pattern(word: str) -> str:
    bare = unaccented(word.removesuffix("*").replace("_", " "))
    if _ATTACHING.search(bare):
        return re.escape(bare)
    return rf"(?<!\w){re.escape(bare)}" + (r"\w*" if word.endswith("*") else r"(?!\w)")
