"""Words by which somebody speaks of harm, as data: regular expressions over lower case, Latin letters without accents.

What is looked for is a person speaking of themselves (`I want to die`), of somebody they mean to hurt, of what is done
to them, or asking for the means. Subjects of lessons (suicide in a play, a killed process) are none.
"""

from typing import Literal

Kind = Literal["self_harm", "violence", "abuse", "danger"]
"""In the order in which they are answered."""

LEARNER: dict[Kind, dict[str, tuple[str, ...]]] = {
    "self_harm": {
        "en": (
            (
                r"\bi(?:'m| am)? ?(?:just |really |only |often |sometimes )?(?:want|wanna|wish|going|gonna|plan|"
                r"planning|thinking|tempted|need|ready)"
                r"(?: to| of| about| i could| i was| i were)*(?: just)? ?(?:die|dying|be dead|dead|"
                r"kill(?:ing)? myself|end(?:ing)? (?:my life|it all)"
                r"|hurt(?:ing)? myself|cut(?:ting)? myself|harm(?:ing)? myself|jump(?:ing)? off (?:a|the) (?:bridge|"
                r"roof|building)|not (?:to )?be alive)\b"
            ),
            (
                r"\bi(?:'ll| will| might| could|'m going to| am going to) (?:just )?(?:kill|hurt|cut|harm|"
                r"hang) myself\b"
            ),
            (
                r"\bi (?:keep |have been |started |start )?(?:cut|cutting|burn|burning|hurt|hurting|starve|"
                r"starving) myself\b"
            ),
            (
                r"\bi(?:'m| am| feel| have been feeling) (?:so |really |very )?suicidal\b|"
                r"\bsuicidal thoughts\b.{0,40}\b(?:i|me|my)\b|\b(?:i|my|having) .{0,20}\bsuicidal thoughts\b"
            ),
            (
                r"\bi (?:do not|don't|dont|can't|cant|cannot) (?:want to )?(?:live|be alive|go on living|keep living|"
                r"be here|wake up)(?: any ?more| like this| tomorrow)\b"
            ),
            r"\bi don'?t want to (?:live|be alive|exist|wake up)\b",
            (
                r"\b(?:no|nothing|without a) (?:reason|point) (?:to|in) (?:live|living|go on|going on)\b|"
                r"\bnothing to live for\b"
            ),
            (
                r"\b(?:everyone|everybody|they|the world|my family)(?: would|'d| is|'s|"
                r" are) be?t?t?e?r? ?(?:be )?better off (?:without me|if i (?:was|were) dead)\b"
            ),
            (
                r"\bbetter off dead\b|\bi wish i (?:had never been|was never|were never|wasn't|weren't) (?:born|"
                r"alive)\b|\bi wish i (?:was|were) dead\b"
            ),
            (
                r"\b(?:commit|committing|attempt(?:ed)?) suicide\b.{0,30}\b(?:myself|i)\b|\bi\b.{0,30}\b(?:commit|"
                r"committing|attempt(?:ed)?) suicide\b"
            ),
            (
                r"\b(?:painless|easiest|best|quickest|fastest) way(?:s)? (?:to|of) (?:die|dying|kill(?:ing)? myself|"
                r"end(?:ing)? my life)\b"
            ),
            (
                r"\bhow (?:can|do|could|should) i (?:kill|hang|hurt) myself\b|\bhow many (?:pills|"
                r"tablets)\b.{0,40}\b(?:die|kill me|overdose)\b"
            ),
        ),
        "de": (
            (
                r"\bich (?:will|mochte|wollte|werde|wurde am liebsten|kann)\b.{0,40}\b(?:sterben|tot sein|"
                r"mich umbringen|mich toten|mir das leben nehmen|nicht mehr leben|mich ritzen|mich verletzen|"
                r"schluss machen mit (?:allem|meinem leben))\b"
            ),
            (
                r"\bich (?:bring|bringe) mich (?:noch )?um\b(?! vor)|\bich (?:ritze|verletze|"
                r"schneide) mich\b(?! (?:immer )?beim)|\bich (?:bin|fuhle mich) suizidal\b|"
                r"\bselbstmordgedanken\b.{0,30}\b(?:ich|mir|habe)\b|\bich habe .{0,20}(?:selbstmord|suizid)gedanken\b"
            ),
            (
                r"\bwill nicht mehr leben\b|\bich ware (?:am liebsten|besser) tot\b|\bohne mich (?:waren|"
                r"ware) .{0,30}besser dran\b|\b(?:kein|keinen) (?:grund|sinn) (?:mehr )?(?:zu leben|im leben)\b"
            ),
        ),
        "es": (
            (
                r"\b(?:me )?(?:quiero|quisiera|voy a|pienso en|estoy pensando en|"
                r"tengo ganas de)\b.{0,15}\b(?:morir(?:me)?|matarme|suicidarme|quitarme la vida|hacerme dano|"
                r"cortarme(?! el pelo)|desaparecer para siempre)\b"
            ),
            r"\bme quiero (?:matar|morir|suicidar)\b",
            (
                r"\bno quiero (?:seguir viviendo|vivir(?: mas)?|estar viv[oa])\b|\bme (?:corto|"
                r"hago dano) (?:a mi mism[oa]|los brazos|las munecas)\b|\bestarian mejor sin mi\b|"
                r"\bojala (?:estuviera|estuviese) muert[oa]\b|\bno tengo razones? para vivir\b"
            ),
        ),
        "fr": (
            (
                r"\bj(?:e |')(?:veux|voudrais|vais|ai envie de|pense a|pense me)\b.{0,15}\b(?:mourir|me tuer|"
                r"me suicider|en finir(?: avec la vie)?|me faire du mal|me couper les veines|"
                r"disparaitre pour toujours)\b"
            ),
            (
                r"\bje (?:ne )?veux plus vivre\b|\bje me (?:scarifie|mutile)\b|\b(?:serait|seraient|"
                r"serai[st]) mieux sans moi\b|\bj'ai des (?:idees|pensees) suicidaires\b|\bje voudrais etre morte?\b|"
                r"\baucune raison de vivre\b"
            ),
        ),
        "it": (
            (
                r"\b(?:voglio|vorrei|sto per|penso di|ho voglia di)\b.{0,12}\b(?:morire|uccidermi|ammazzarmi|"
                r"suicidarmi|farla finita|farmi del male|togliermi la vita|tagliarmi le vene)\b"
            ),
            (
                r"\bnon voglio (?:piu )?vivere\b|\bmi taglio (?:le braccia|i polsi)\b|"
                r"\bstarebbero meglio senza di me\b"
            ),
        ),
        "pt": (
            (
                r"\b(?:quero|queria|vou|penso em|estou pensando em|tenho vontade de)\b.{0,12}\b(?:morrer|me matar|"
                r"matar-me|suicidar(?:-me)?|me suicidar|acabar com (?:a )?minha vida|me machucar|me cortar)\b"
            ),
            r"\bnao quero (?:mais )?viver\b|\beu me corto\b|\bestariam melhor sem mim\b",
        ),
        "nl": (
            (
                r"\bik wil (?:dood|sterven|niet meer leven|mezelf (?:iets aandoen|pijn doen|snijden)|"
                r"er een eind aan maken|zelfmoord plegen)\b|\bik (?:ga|maak) (?:mezelf|me) (?:van kant maken|"
                r"van kant)\b|\bik snij mezelf\b"
            ),
        ),
        "pl": (r"\bchce (?:umrzec|sie zabic|sie pociac|popelnic samobojstwo)\b|\bnie chce (?:juz )?zyc\b|\btne sie\b",),
        "tr": (
            (
                r"\bolmek istiyorum\b|\bkendimi oldurmek istiyorum\b|\bintihar et(?:mek istiyorum|ecegim)\b|"
                r"\byasamak istemiyorum\b"
            ),
        ),
        "other": (
            (
                r"хочу (?:умереть|сдохнуть|убить себя|покончить с собой)|не хочу (?:больше )?жить|покончу с собой|"
                r"режу себя"
            ),
            r"хочу (?:померти|вбити себе)|не хочу (?:більше )?жити",
            r"我?(?:想|要)(?:死|自杀|自殺|去死)(?!机|機)|不想活(?:了|下去)?|结束(?:我的|自己的)?生命|割腕|傷害自己|伤害自己",
            r"רוצה למות|לא רוצה לחיות|חושב(?:ת)? (?:על התאבדות|להתאבד)|להרוג את עצמי|אני אתאבד",
            r"死にたい|自殺したい|消えてしまいたい|リストカット|生きていたくない",
            r"죽고 ?싶|자살하고|자해(?:를|했|하고)|살고 싶지 않",
            (
                r"(?:اريد|أريد|ابغى|عايز|عاوز) (?:ان |أن )?(?:اموت|أموت|انتحر|أنتحر|اقتل نفسي|أقتل نفسي)|"
                r"لا اريد ان اعيش|لا أريد أن أعيش"
            ),
            r"(?:मैं |मुझे )?(?:मरना चाहता|मरना चाहती|आत्महत्या कर|जीना नहीं चाहता|जीना नहीं चाहती|खुद को मार)",
        ),
    },
    "violence": {
        "en": (
            (
                r"\bi(?:'m| am|'ll| will| want| wanna)(?: going| gonna| to| planning)* (?:kill|stab|shoot|murder|"
                r"beat up|hurt) (?:my|him|her|them|everyone|everybody|someone|somebody|people|the teacher|a classmate|"
                r"the class|you all)\b(?! (?:character|player|avatar|opponent in|score|time|plant|code|program|"
                r"process|bacteria))"
            ),
            (
                r"\b(?:bring|take) a (?:gun|knife|bomb) to (?:school|class|my school)\b|\bshoot up (?:my|the|"
                r"a) school\b"
            ),
        ),
        "de": (
            (
                r"\bich (?:will|werde|mochte) (?:meinen|meine|ihn|sie|alle|jemanden|den lehrer|die lehrerin|"
                r"mitschuler)\b.{0,25}\b(?:umbringen|toten|erschiessen|erstechen|abstechen)\b|"
                r"\bamok ?lauf\b.{0,30}\b(?:ich|machen)\b"
            ),
        ),
        "es": (
            (
                r"\b(?:quiero|voy a) (?:matar|apunalar|disparar) a (?:mi|mis|el|ella|alguien|todos|un companero|"
                r"la profesora|el profesor)\b"
            ),
        ),
        "fr": (
            (
                r"\bje (?:veux|vais) (?:tuer|poignarder|abattre) (?:mon|ma|mes|quelqu'un|tout le monde|le prof|"
                r"un camarade)\b"
            ),
        ),
        "it": (r"\b(?:voglio|sto per) (?:uccidere|ammazzare|accoltellare) (?:mio|mia|qualcuno|tutti|il prof)\b",),
        "pt": (r"\b(?:quero|vou) (?:matar|esfaquear) (?:meu|minha|alguem|todos|o professor|a professora)\b",),
    },
    "abuse": {
        "en": (
            (
                r"\bmy (?:dad|father|mom|mum|mother|stepdad|stepfather|stepmother|uncle|aunt|brother|teacher|coach|"
                r"boyfriend|girlfriend|parents?|grandfather|cousin)(?: keeps| always| often| sometimes| has|"
                r" have)? (?:hits?|hitting|beats?|beating|hurts?|punch(?:es|ing)?|kick(?:s|ing)?|chok(?:es|ed|ing)|"
                r"touch(?:es|ed|ing)|abus(?:es|ed|ing)|rap(?:es|ed)) me\b(?! (?:at|in) (?:chess|checkers|tennis|"
                r"games?|cards|mario|fifa|football|soccer|basketball|monopoly|every game))"
            ),
            (
                r"\bi(?:'m| am| was| have been| got|'ve been) (?:being )?(?:sexually |physically )?(?:abused|raped|"
                r"molested)\b|\bi(?:'m| am) (?:afraid|scared) (?:to go home|of my (?:dad|father|mom|mother|stepdad|"
                r"boyfriend))\b|\btouches me where i don'?t\b"
            ),
        ),
        "de": (
            (
                r"\bmein(?:e)? (?:vater|papa|mutter|mama|stiefvater|onkel|bruder|lehrer|trainer|freund|"
                r"eltern)\b.{0,15}\b(?:schlagt|schlagen|verprugelt|missbraucht|missbrauchen) mich\b(?! (?:im|beim|"
                r"in) )|\bich (?:werde|wurde) (?:zu hause )?(?:geschlagen|missbraucht|vergewaltigt)\b|"
                r"\bangst nach hause zu gehen\b"
            ),
        ),
        "es": (
            (
                r"\bmi (?:papa|padre|mama|madre|padrastro|tio|hermano|profesor|entrenador|novio) me (?:pega|golpea|"
                r"maltrata|toca|viola|abusa)\b|\b(?:me|he sido) (?:abusaron|violaron|violad[oa]|abusad[oa])\b|"
                r"\btengo miedo de (?:ir|volver) a casa\b"
            ),
        ),
        "fr": (
            (
                r"\b(?:mon|ma|mes) (?:pere|papa|mere|maman|beau-pere|oncle|frere|prof|entraineur|copain|"
                r"parents) (?:me (?:frappe|bat|tape|touche|viole|maltraite)|me (?:frappent|battent))\b|"
                r"\bj'ai ete (?:violee?|abusee?|agressee?)\b|\bpeur de rentrer (?:chez moi|a la maison)\b"
            ),
        ),
        "it": (
            (
                r"\bmi[oa] (?:padre|papa|madre|mamma|patrigno|zio|fratello|fidanzato) mi (?:picchia|tocca|violenta|"
                r"maltratta)\b|\bsono stat[oa] (?:violentat[oa]|abusat[oa])\b"
            ),
        ),
        "pt": (
            (
                r"\b(?:meu|minha) (?:pai|mae|padrasto|tio|irmao|professor|namorado) me (?:bate|toca|abusa|agride)\b|"
                r"\bfui (?:abusad[oa]|estuprad[oa]|violad[oa])\b"
            ),
        ),
    },
    "danger": {
        "en": (
            (
                r"\bhow (?:do|can|could|would|to)\b.{0,30}\b(?:make|build|create|construct|assemble|synthesi[sz]e|"
                r"cook)\b.{0,20}\b(?:pipe ?bomb|bomb(?!e)|explosives?|nail bomb|molotov|nerve gas|sarin|ricin|anthrax|"
                r"meth(?:amphetamine)?|mustard gas|ghost gun)s?\b"
            ),
            (
                r"\b(?:instructions|recipe|steps|guide) (?:for|to)\b.{0,25}\b(?:making |building |a |"
                r"an )*(?:pipe ?bomb|bomb(?!e)|explosives?|molotov|sarin|ricin|meth(?:amphetamine)?)s?\b"
            ),
            (
                r"\bhow (?:do|can|could|to)\b.{0,20}\b(?:poison|drug) (?:my|someone|somebody|a person|him|her|"
                r"people)\b"
            ),
        ),
        "de": (
            (
                r"\bwie (?:baut|baue|bastelt|bastle|macht|mache|stellt|stelle|kann ich)\b.{0,30}\b(?:bombe|rohrbombe|"
                r"sprengsatz|sprengstoff|molotow\w*|sarin|rizin|meth|crystal meth)\b"
            ),
        ),
        "es": (
            (
                r"\bcomo (?:hago|hacer|fabrico|fabricar|construyo|construir|"
                r"puedo hacer)\b.{0,20}\b(?:bombas?(?! de (?:agua|calor|sodio))|explosivos?|molotov|sarin|"
                r"metanfetamina)\b"
            ),
        ),
        "fr": (
            (
                r"\bcomment (?:fabriquer|faire|construire)\b.{0,20}\b(?:bombes?(?! a (?:eau|velo))|explosifs?|"
                r"cocktail molotov|sarin|methamphetamine)\b"
            ),
        ),
        "it": (
            (
                r"\bcome (?:faccio|fare|costruire|costruisco)\b.{0,20}\b(?:bomb[ae]|esplosiv[oi]|molotov|"
                r"metanfetamina)\b"
            ),
        ),
        "pt": (
            (
                r"\bcomo (?:faco|fazer|construir|fabricar)\b.{0,20}\b(?:bombas?(?! d)|explosivos?|molotov|"
                r"metanfetamina)\b"
            ),
        ),
    },
}
