"""Words that carry no meaning of their own, and words that nouns follow, by language."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOPWORDS: dict[str, frozenset[str]] = {
    "en": _words(
        """
        a about above after again against all also although always am among an and another any anything are around as
        ask asks at away be because become becomes been before behind being below between both but by called came can
        can't cannot come could course did didn't different do does doesn't doing don't done don’t down during each
        either else enough even ever every everything explain find first five for four from further get gets give
        given go goes going good got had has have having he her here hers him his how however i i'm if in instead into
        introduction is isn't it its itself just keep know large later learn learning least less let like likely long
        look made main make makes many may maybe me means might more most much must my myself never new no nor not
        nothing now of off often on once one only onto or other others our out over own part parts people per perhaps
        please put quite rather really same say says see seem several shall she should show shows since small so some
        something sometimes such take takes tell than that that's the their theirs them themselves then there
        therefore these they thing things think this those though three through thus to together too toward towards
        two under understand until up upon us use used uses using usually very want was way ways we well went were
        what what's when where whether which while who whom whose why will with within without work works would yes
        yet you your yours yourself
        """
    ),
    "de": _words(
        """
        aber alle allem allen aller alles als also am an andere anderen anderer anderes auch auf aus bei beide beiden
        beim bin bis bist bitte da dabei dadurch dafür dagegen daher damit danach dann daran darauf daraus darin darum
        darüber das dass davon dazu dein deine dem den denen denn dennoch der deren des deshalb dessen dich die dies
        diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines einige einigen
        einmal er erst es etwa etwas euch euer für gab ganz gegen geht gerade gibt habe haben hat hatte hatten hier
        hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins ist ja jede jedem jeden jeder
        jedes jedoch jener jetzt kann kannst kein keine keinem keinen keiner können könnte lassen lässt machen macht
        man manche manchmal mehr mein meine mich mir mit muss müssen nach neben nein nicht nichts noch nun nur ob oder
        oft ohne schon sehr sein seine seinem seinen seiner seit selbst sich sie sind so sogar solche soll sollen
        sollte sondern sonst sowie um und uns unser unter viel viele vielen vom von vor wann war waren warum was weg
        weil weiß welche welchem welchen welcher welches wenig wenn wer werde werden weshalb wie wieder will wir wird
        wirst wo wobei wurde wurden zu zum zur zwar zwischen über
        """
    ),
    "es": _words(
        """
        a al algo algunas algunos ante antes aquel aquella aquellos así aun aunque bajo bien cada casi como con contra
        cual cuales cualquier cuando cuál cuándo cómo de del desde después donde dos durante dónde e el ella ellas
        ellos en entonces entre era eran es esa esas ese eso esos esta estaba estar este esto estos está están fue
        fueron ha hace hacer hacia han hasta hay la las le les lo los me mediante menos mi mientras mis misma mismo
        mismos mucho muchos muy más nada ni no nos nosotros nuestra nuestro o otra otras otro otros para parte pero
        poco por porque puede pueden pues que quien quiere quién qué se sea según ser si sido siempre sin sino sobre
        son su sus sí también tan tanto te tener tiene tienen toda todas todo todos tras tu tus un una unas uno unos
        usted va varios y ya yo él
        """
    ),
    "fr": _words(
        """
        a afin ai ainsi alors après as au aucun aucune aujourd'hui aussi autour autre autres aux avait avant avec avez
        avoir ayant beaucoup bien c'est car ce ceci cela celle celles celui ces cet cette ceux chaque chez comme
        comment d'un d'une dans de des donc dont du elle elles en encore entre est et eu eux faire fait fois font il
        ils j'ai je jusqu'à l'on la le les leur leurs lors lorsque lequel laquelle lesquels lesquelles
        lui ma mais me mes moi moins mon même mêmes n'est
        ne ni non nos notre nous on ont ou où par parce pas pendant peu peut peuvent plus plusieurs pour pourquoi
        qu'elle qu'il qu'on quand que quel quelle quelles quelque quelques quels qui quoi s'il sa sans se selon ses si
        son sont sous souvent sur ta te tes toi ton tous tout toute toutes très tu un une vers voici voilà vos votre
        vous y étaient était étant être
        """
    ),
}

BEFORE_NOUNS: dict[str, frozenset[str]] = {
    "en": _words(
        """
        a an between by from her his in into its of our that the their these this those with your
        """
    ),
    "es": _words(
        """
        al con de del el en entre esta estas este estos la las los por su sus un una unas unos
        """
    ),
    "fr": _words(
        """
        au aux avec ce ces cet cette de des du en entre la le les leur leurs par sa ses son un une
        """
    ),
    "it": _words(
        "ai al alla alle con dal dalla degli dei del della delle di gli i il in la le lo nei nel nella un una"
    ),
    "pt": _words("a ao as com da das de do dos em na nas no nos o os pela pelo por sua seu um uma"),
    "nl": _words("de deze die een en het in met van voor"),
}
"""After these mostly comes a noun; German needs none, it writes its nouns large."""

ANAPHORS: dict[str, frozenset[str]] = {
    "en": _words("he her here his it its she such that their there these they this those which"),
    "de": _words(
        "da dabei dadurch daher damit darum das deshalb dies diese dieser dieses er es ihr ihre sein seine sie so"
    ),
    "es": _words("así aquí ella ellas ello ellos esa esas ese eso esos esta estas este esto estos él su sus"),
    "fr": _words("ainsi c'est ce cela celle celui ces cet cette elle elles il ils leur leurs sa ses son"),
    "it": _words("ciò così essa esse essi esso questa queste questi questo quello suo sua lui lei loro"),
    "pt": _words("assim ela elas ele eles essa esse esta este isso isto seu sua"),
    "nl": _words("daar dat deze die dit er het hij hun ze zij zijn"),
    "ru": _words("его ее её ему их он она они оно поэтому так такая такие такой там то тогда это эта эти этот"),
    "uk": _words("він вона вони воно його її їх тому це цей ці ця так"),
    "el": _words("αυτή αυτό αυτός αυτά αυτές εκεί έτσι"),
}
"""A sentence that begins with one of these speaks of the one before it, and cannot be asked about alone."""

ARTICLES: dict[str, tuple[frozenset[str], ...]] = {
    "en": (_words("a an the"),),
    "es": (_words("al del el un este"), _words("la una esta"), _words("los unos estos"), _words("las unas estas")),
    "fr": (_words("au ce du le un"), _words("cette la une")),
    "it": (
        _words("al dal del il lo nel un uno"),
        _words("alla dalla della la nella una"),
        _words("gli i"),
        _words("le"),
    ),
    "pt": (_words("ao do o no um"), _words("a da na uma"), _words("aos dos nos os"), _words("as das nas")),
    "nl": (_words("het"),),
    "de": (_words("das"), _words("dem im zum vom"), _words("ein")),
}
"""By gender, number or case: a noun that stands behind a word of one of these seldom stands behind another's."""
