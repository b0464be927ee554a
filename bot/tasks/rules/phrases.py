"""What upset and happy customers say, in English and in German: one pattern on a line."""

# Each says alone that somebody is upset.
STRONG = r"""
    unacceptable|outrageous|ridiculous|disgrace(?:ful)?|disgust(?:ed|ing)|appalling|shameful
    (?:worst|terrible|horrible|awful|pathetic|useless|abysmal|lousy|rubbish)\s+(?:\w+\s+)?(?:service|support|company|shop|store|experience|customer|bot|people|answers?)
    (?:service|support|you(?: people)?|company|shop|bot|this|it)\s+(?:is|are|was)\s+(?:\w+\s+)?(?:terrible|horrible|awful|pathetic|useless|a joke|a nightmare|the worst)
    (?:i'?m|i am|we'?re|we are|makes? me|getting|am)\s+(?:(?!not\b|never\b)\w+\s+)?(?:angry|furious|livid|fuming|upset|frustrated|annoyed|pissed(?: off)?|fed up|sick of)
    fed up|sick and tired|had enough of|los(?:t|ing) (?:my|all) patience|running out of patience
    (?:third|fourth|fifth|tenth|hundredth|umpteenth|3rd|4th|5th|10th) time(?=.{0,30}\b(?:ask|writ|contact|call|explain|tell|complain|report|chas)\w*)
    how (?:many|often) (?:more )?(?:times )?(?:do|must|should) i (?:have to )?(?:ask|write|say|tell|explain|call|repeat)
    nobody (?:\w+ )?(?:answers|cares|replies|responds|helps)|no ?one (?:cares|answers|replies)
    rip[- ]?off|scammers|you(?:'?re| are) (?:a )?(?:scam|thieves|crooks)|con artists?
    stole my money|ripped me off
    (?:contact|call|hear from|talk to|speak to|see|involve|inform|consult|tell|go to)\w* (?:\w+ ){0,2}(?:lawyers?|attorneys?|solicitors?)
    legal action|small claims|(?:i'?ll|i will|going to) sue|see you in court
    consumer (?:protection|rights) (?:agency|office|authority)
    never (?:buy|order|shop|come back|again)(?:ing)?\b(?=.{0,30}\b(?:here|from you|again|with you)\b)
    lost (?:me as )?a customer|taking my (?:business|money) elsewhere
    (?:leave|leaving|write|post) (?:you )?(?:a |an )?(?:bad|negative|one[- ]star|1[- ]star) review
    what the (?:hell|heck|fuck)|wtf|bullshit|this is (?:a )?(?:crap|shit)|for (?:god|fuck)'?s sake
    are you (?:kidding|joking)|is this a joke|waste of (?:my )?(?:time|money)
    unverschämt(?:heit)?|frechheit|skandal(?:ös)?|eine zumutung|unzumutbar|inakzeptabel
    nicht (?:mehr )?(?:akzeptabel|hinnehmbar)|unmöglich(?:er|es) (?:service|verhalten|laden)
    (?:schlechtester|miserabler|mieser|katastrophaler|grauenhafter|furchtbarer|schrecklicher) (?:\w+ )?(?:service|support|laden|shop|kundendienst|kundenservice)
    (?:service|support|kundendienst|kundenservice|laden|bot)\s+(?:ist|war)\s+(?:\w+ )?(?:katastroph\w*|mies|miserabel|schrecklich|furchtbar|eine katastrophe|ein witz|das letzte)
    (?:bin|macht mich|werde|sind)\s+(?:(?!nicht\b|nie\b)\w+\s+){0,2}(?:sauer|wütend|stinksauer|verärgert|genervt|empört|frustriert|außer mir)
    (?:hab\w*|hätte)\s+(?:\w+\s+){0,2}die nase voll|(?:mir|jetzt) reicht(?:'?s| es)
    es reicht(?: mir| jetzt| langsam)*(?=\s*(?:[!.]|$))|die faxen dicke|geduld ist am ende
    kein(?:en)? bock mehr auf (?:euch|sie|den|das)
    (?:zum )?(?:dritten|vierten|fünften|zehnten|hundertsten|x-ten|xten) ?mal(?=.{0,40}\b(?:schreib|frag|meld|ruf|erklär|beschwer|reklamier)\w*)
    (?:schreib|frag|meld|ruf|erklär|beschwer|reklamier)\w*\b.{0,30} (?:zum )?(?:dritten|vierten|fünften|zehnten|hundertsten|x-ten|xten) ?mal
    wie oft (?:soll|muss|muß) ich (?:denn |euch |ihnen |das |noch ){0,4}(?:sagen|schreiben|fragen|erklären|anrufen|melden)?
    niemand (?:antwortet|hilft|meldet sich|reagiert|kümmert sich)
    keiner (?:antwortet|reagiert|meldet sich|kümmert sich)
    abzocker?|(?:das|ihr seid|sie sind|ist) (?:ja |doch |reiner |echt )?betr[uü]g(?:er)?
    verarsch\w*|verarscht|wollt ihr mich|ist das euer ernst|soll das ein witz sein
    (?:zu|an|mit|von|über) (?:\w+ )?(?:rechts)?anwalt|anwalt einschalten|rechtliche schritte
    verbraucherzentrale|erstatte anzeige|strafanzeige|verklage
    nie (?:wieder|mehr)\b(?=.{0,40}\b(?:bestell\w*|kauf\w*|bei euch|bei ihnen|hier)\b)
    (?:einen|als) kunden? (?:verloren|weniger)|schlechte bewertung|negative bewertung|scheiß\w*
    verdammt nochmal|verdammt noch mal
"""

# Two of these say it together; what stands in one block counts once.
WEAK = r"""
    still (?:no|not|nothing|waiting|haven'?t)|again and again|yet again|once again

    for (?:weeks|months)|for (?:two|three|four|\d+) (?:weeks|months)

    (?:already|have) (?:asked|written|called|contacted|told)(?: \w+){0,2} (?:twice|times|before|already)
    ignor(?:ed|ing) me|do you even read|you people

    disappoint(?:ed|ing|ment)|frustrat(?:ed|ing)|annoy(?:ed|ing)|unhappy|unprofessional|terrible
    horrible|awful|poor (?:service|support)|nonsense|a joke|scam|fraud

    (?:want|demand|give me|refund me)\s+(?:\w+ )?(?:my )?money(?: back)?

    immediately|right now|(?:back|refund) now

    complain(?:t|ing)?|a manager|supervisor

    immer noch (?:nicht|kein\w*|nichts)|schon wieder

    seit wochen|seit (?:zwei|drei|vier|\d+) (?:wochen|monaten)
    (?:bereits|schon) (?:zweimal|dreimal|mehrfach|mehrmals)

    enttäusch\w*|frustrier\w*|ärgerlich|nervig|unprofessionell|schrecklich|furchtbar|unzufrieden
    blödsinn|ein witz|lächerlich|betrug|verdammt\w*

    (?:sofort|umgehend|unverzüglich)\b

    geld zurück

    beschwer\w*|vorgesetzt\w*|geschäftsführ\w*
"""

CONTENT = r"""
    thank(?:s| you) (?:so|very) much|that (?:helped|worked|solved)|(?:works|worked) now
    (?:great|awesome|perfect|excellent|amazing|brilliant|wonderful)(?: (?:service|help|job))?\s*[!.]*$
    you(?:'re| are) (?:great|awesome|the best)|love (?:it|your)|problem solved
    (?:great|excellent|amazing|wonderful|fantastic) (?:service|support|help)
    (?:vielen|herzlichen|tausend|besten) dank|danke(?:schön| schön| sehr)|hat geholfen
    (?:klappt|funktioniert|geht) (?:jetzt|nun|wieder)
    (?:super|toll|perfekt|klasse|prima|wunderbar)\s*[!.]*$
    (?:toller|super|klasse|bester) (?:service|support)
"""
