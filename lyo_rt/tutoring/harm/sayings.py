"""What a tutor must not say, and what only sounds like harm, as data; regular expressions as in signs.py."""

TUTOR: tuple[str, ...] = (
    (
        r"\b(?:you should|you could|just|go) (?:kill|hang|hurt|cut) yourself\b|\bkys\b|\byou(?:'d|"
        r" would) be better off dead\b|\bnobody would miss you\b"
    ),
    (
        r"\b(?:lethal|fatal|deadly) dose (?:of\b.{0,30})?is (?:about |around |roughly )?\d|\b(?:painless|"
        r"easiest|quickest) way to (?:die|kill yourself)\b"
    ),
    (
        r"\b(?:to|you can|how to) (?:make|build|assemble) (?:a|an|the) (?:pipe ?bomb|bomb|explosive device|"
        r"molotov cocktail|nerve agent)\b.{0,80}\b(?:mix|fill|combine|you need|attach|add)\b"
    ),
    (
        r"\b(?:mix|combine|heat)\b.{0,60}\bto (?:make|produce|synthesi[sz]e) (?:methamphetamine|sarin|ricin|"
        r"mustard gas|explosives?)\b"
    ),
    (
        r"\b(?:bring dich um|du solltest (?:dich umbringen|sterben)|matate|suicidate|tue-toi|suicide-toi|"
        r"ammazzati|se mate)\b"
    ),
)

HARMLESS: tuple[str, ...] = (
    (
        r"\b(?:die|dying|dead|sterben|morir(?:me)?|mourir|morire|morrer)\b(?:,? ?(?:of|from|with|vor|de|di|"
        r"to know))? ?(?:laughing|laughter|boredom|embarrassment|shame|curiosity|to know|lachen|langeweile|"
        r"neugier|risa|aburrimiento|verguenza|rire|ennui|honte|curiosite|ridere|noia|rir|tedio|vergonha)\b"
    ),
    (
        r"\b(?:kill|killing|kills) (?:myself|me) (?:laughing|with laughter|over (?:this|my) (?:homework|"
        r"exercise|essay)|trying to understand|for forgetting)\b"
    ),
    (
        r"\b(?:cut|hurt|burnt?) myself (?:while |when )?(?:on |with |shaving|cooking|in the kitchen|chopping|"
        r"slicing|playing|training|skiing|running|by accident|accidentally)\b"
    ),
    (
        r"\bi (?:want|would like|'d like) to die (?:in|as) (?:the game|game|my (?:next )?(?:life in|role))\b|"
        r"\bwhen i die in (?:the|this) game\b|\b(?:die|kill|shoot|stab|beat)\b.{0,30}\bin (?:the |this |my |"
        r"a )?(?:video ?)?(?:game|match|round|level|minecraft|fortnite|roblox)\b"
    ),
    (
        r"\b(?:kill|killing|killed|kills) (?:the|a|this|that|all|my|its|each|every|these|those|any|"
        r"some) (?:\w+ )?(?:process(?:es)?|tasks?|jobs?|threads?|servers?|daemons?|programs?|apps?|"
        r"connections?|sessions?|queries|query|bugs?|weeds?|germs?|bacteria|virus(?:es)?|cells?|time|mood|"
        r"lights?|engine|switch|cam)\b"
    ),
    (
        r"\b(?:bomb calorimeter|photo ?bomb|bath bomb|time ?bomb in (?:the|my) code|zip bomb|fork bomb|"
        r"logic bomb|bombe glac\w+|bombes? calorimetriques?)\b"
    ),
)
"""Ways of speaking that only sound like it; they are taken out of a text before it is read."""
