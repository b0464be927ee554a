"""Words that tell nothing about what a question is about, in the languages that we know them of.

A language without a list works too: its frequent words then weigh little by their frequency.
"""

# Left out of the index and of questions.
_COMMON = {
    "english": """
        a about above after again all also am an and any are aren't as at be because been before
        being below between both but by can can't cannot could couldn't did didn't do does doesn't
        doing don't down during each few for from further had hadn't has hasn't have haven't having
        he he's her here hers herself him himself his how i i'd i'll i'm i've if in into is isn't it
        it's its itself just let's me more most mustn't my myself no nor not now of off on once only
        or other our ours ourselves out over own same shan't she she's should shouldn't so some such
        than that that's the their theirs them themselves then there there's these they they'd
        they'll they're they've this those through to too under until up us very was wasn't we we'd
        we'll we're we've were weren't what what's when where where's which while who who's whom why
        will with without won't would wouldn't you you'd you'll you're you've your yours yourself
        yourselves
    """,
    "german": """
        aber alle als also am an auch auf aus bei beim bin bis bist da damit dann das dass dein
        deine dem den der des dessen die dies diese diesem diesen dieser dieses dir doch dort du
        durch ein eine einem einen einer eines er es etwas euch euer für gegen hab habe haben hat
        hatte hier hin ich ihm ihn ihnen ihr ihre ihrem ihren im in ins ist ja jede jeder jedes
        jetzt kann kannst kein keine können könnte man manche mein meine meinem meinen meiner mich
        mir mit muss nach nicht noch nun nur ob oder ohne sehr sein seine sich sie sind so soll
        solche sondern um und uns unser unter vom von vor war waren warum was wegen weil welche
        welcher wenn wer werde werden wie wieder will wir wird wo wollen während zu zum zur zwar
        zwischen über
    """,
    "french": """
        à au aussi aux avec avoir ai as avait avez avons car ce cela ces cet cette ceux chez comme
        comment d dans de des donc dont du elle elles en encore entre es est et étaient était été
        être eu eux fait faire faut il ils j je l la le les leur leurs lors lui m ma mais me mes moi
        mon n ne nos notre nous on ont ou où par pas peut peux plus pour pourquoi puis qu quand que
        quel quelle quelles quels qui quoi s sa sans se ses si son sont suis sur t ta te tes toi ton
        tous tout toute très tu un une vers vos votre vous y
    """,
    "spanish": """
        a al algo ante antes aquí así aunque cada como cómo con contra cual cuál cuales cuando
        cuándo de del desde donde dónde dos el él ella ellas ellos en entre era es esa ese eso esta
        está están estas este esto estos fue ha haber había han hasta hay la las le les lo los más
        me mi mis mucho muy nada ni no nos nosotros nuestra nuestro o os otra otro para pero poco
        por porque puede puedo qué que quien quién se sea ser si sí sin sobre son soy su sus también
        te tengo tiene todo todos tu tus un una uno unos y ya yo
    """,
    "italian": """
        a ad agli ai al alla alle allo anche avere aveva c che chi ci come con contro cosa da dagli
        dai dal dalla dalle dei del dell della delle di dove e è ed era essere fra gli ha hai hanno
        ho i il in io l la le lei li lo loro lui ma me mi mia mie miei mio ne negli nei nel nella
        nelle noi non nostra nostro o per perché più può quale quando quanto quella quelli quello
        questa queste questi questo se sei si sia sono su sua sue sugli sui sul sulla suo suoi ti
        tra tu tua tuo un una uno vi voi vostra vostro
    """,
    "portuguese": """
        a à ao aos aquela aquele aquilo as às até com como da das de dela dele depois do dos e é ela
        elas ele eles em entre era essa esse esta está estão estas este estes eu foi há isso isto já
        lhe mais mas me mesmo meu meus minha minhas muito na não nas nem no nos nós nossa nosso num
        numa o onde os ou para pela pelas pelo pelos pode por porque posso qual quando que quem se
        sem ser seu seus só são sua suas também te tem tenho teu tu tua um uma você vocês
    """,
    "dutch": """
        aan al alles als altijd ander andere ben bij daar dan dat de der deze die dit doch doen door
        dus een en er ge geen haar had heb hebben heeft hem het hier hij hoe hun iets ik in is ja je
        jij jullie kan kon kunnen maar me meer men met mij mijn moet na naar niet niets nog nu of om
        omdat onder ons ook op over te tegen toch toen tot u uit uw van veel voor waar waarom want
        waren was wat we wel werd wezen wie wij wil worden wordt zal ze zelf zich zij zijn zo zonder
        zou
    """,
}

# Left out of questions: how people speak to a help desk, whatever they ask about.
_POLITE = {
    "english": """
        hi hello hey dear sir madam team morning afternoon evening please kindly thanks thank thx
        cheers appreciate sorry help helps helping assist assistance support need needs needed want
        wants wanted wish like love guide guidance tell explain advise show know wonder wondering
        question questions ask asking possible possibly able anyone someone somebody somehow maybe
        perhaps really actually currently quick quickly trying try tried got get getting give okay
        ok yes yeah regarding concerning issue issues trouble problem problems today way ways thing
        things something anything else much many lot bit
    """,
    "german": """
        hallo hi guten tag morgen abend liebe lieber bitte danke dank vielen hilfe helfen hilf
        brauche brauchen möchte möchten würde gerne gern frage fragen sagen zeigen erklären wissen
        weiß problem probleme geht gibt mal eigentlich leider gerade
    """,
    "french": """
        bonjour bonsoir salut merci plaît svp stp aide aider besoin voudrais veux veut souhaite
        aimerais question savoir sais dire expliquer montrer problème problèmes possible
    """,
    "spanish": """
        hola buenos buenas días tardes noches gracias favor ayuda ayudar ayúdame necesito quiero
        quisiera gustaría pregunta saber decir explicar problema problemas posible
    """,
    "italian": """
        ciao buongiorno buonasera salve grazie favore prego aiuto aiutare aiutarmi bisogno vorrei
        voglio domanda sapere dire spiegare problema problemi possibile
    """,
    "portuguese": """
        olá oi bom boa dia tarde noite obrigado obrigada favor ajuda ajudar preciso quero queria
        gostaria pergunta saber dizer explicar problema problemas possível
    """,
    "dutch": """
        hallo hoi goedemorgen goedemiddag dag bedankt dank alstublieft alsjeblieft hulp helpen nodig
        graag wilt vraag vragen weten zeggen uitleggen probleem problemen mogelijk
    """,
}

# A sentence with one of these and nothing of its own is an outcry, or a wish.
_OUTCRIES = {
    "english": """
        outrageous ridiculous unacceptable unbelievable disgrace disgraceful disgusting shame
        shameful ashamed pathetic awful terrible horrible worst joke angry furious upset annoyed
        annoying frustrated frustrating disappointed disappointing kidding seriously fed excuses
        patience dare omg wtf hope lovely
    """,
    "german": """
        unverschämt unverschämtheit frechheit unglaublich lächerlich inakzeptabel skandal schämt
        schämen wütend verärgert genervt enttäuscht enttäuschend hoffe
    """,
    "french": """
        scandaleux scandale inadmissible inacceptable incroyable honte ridicule furieux furieuse
        déçu déçue espère
    """,
    "spanish": """
        indignante inaceptable increíble vergüenza ridículo furioso furiosa enfadado enfadada
        decepcionado decepcionada espero
    """,
    "italian": """
        scandaloso inaccettabile incredibile vergogna ridicolo arrabbiato arrabbiata deluso delusa
        spero
    """,
    "portuguese": """
        absurdo inaceitável incrível vergonha ridículo furioso furiosa decepcionado decepcionada
        espero
    """,
    "dutch": """
        schandalig schande onacceptabel ongelofelijk belachelijk boos teleurgesteld hoop
    """,
}

# What may stand in an outcry beside its own words.
_BESIDE = {
    "english": """
        absolutely completely totally ever truly beyond right people guys company service well day
        week weekend evening having end feel treated believe
    """,
    "german": "echt wirklich einfach absolut völlig total leute firma service gut tag",
    "french": "vraiment absolument complètement service bien",
    "spanish": "estoy realmente totalmente servicio bien",
    "italian": "davvero assolutamente servizio bene",
    "portuguese": "estou realmente totalmente serviço bem",
    "dutch": "echt werkelijk totaal service goed",
}

# With these a message takes its leave: what follows is a name.
_REGARDS = {
    "english": "regards sincerely cheers",
    "german": "grüße grüßen gruß mfg",
    "french": "cordialement salutations",
    "spanish": "saludos atentamente",
    "italian": "saluti",
    "portuguese": "cumprimentos atenciosamente",
    "dutch": "groet groeten",
}

# These stand for what was spoken of before, or lead a question on from it.
_LEANING = {
    "english": """
        it its that this these those they them their there one ones same and or but so then also
        instead otherwise
    """,
    "german": """
        es das dies dieses diese dieser dessen deren damit dafür davon dort dabei er sie ihn ihm und
        oder aber dann auch stattdessen sonst
    """,
    "french": """
        il elle ils elles le la les lui leur ce cela ça ceci celui celle en y et ou mais alors aussi
        sinon
    """,
    "spanish": """
        lo la los las le eso esto ese esa este esta ello allí y o pero entonces también sino
    """,
    "italian": "lo la li le ne ci questo questa quello quella ciò e o ma allora anche invece",
    "portuguese": "o a os as isso isto esse essa este esta ele ela lá e ou mas então também",
    "dutch": "het dit dat deze die hem haar er daar en of maar dan ook anders",
}

# Of a question that leans on another they say how much, how long, how often; not of what.
_MEASURING = {
    "english": "big cost costs days far fast hours large late long many much often price quickly"
    " soon take takes time times weeks",
    "german": "dauer dauert groß hoch kostet kosten lange oft preis schnell tage teuer viel wochen"
    " weit zeit",
    "french": "combien coût coûte cher délai jours longtemps loin prend prix souvent temps vite",
    "spanish": "cuánto cuesta días lejos precio pronto rápido tarda tiempo",
}


def common(language: str) -> frozenset[str]:
    """Return the words that no text is about."""
    return frozenset(_COMMON.get(language, "").casefold().split())


def polite(language: str) -> frozenset[str]:
    """Return the words that frame a question."""
    return frozenset(_POLITE.get(language, "").casefold().split())


def measuring(language: str) -> frozenset[str]:
    """Words that only tell what kind of answer is wanted, as the "long" of "how long"."""
    return frozenset(_MEASURING.get(language, "").casefold().split())


def leaning(language: str) -> frozenset[str]:
    """Return the words that point back to an earlier question."""
    return frozenset(_LEANING.get(language, "").casefold().split())


def outcries(language: str) -> frozenset[str]:
    """Return the words of anger and of good wishes."""
    return frozenset(_OUTCRIES.get(language, "").casefold().split())


def beside_outcries(language: str) -> frozenset[str]:
    """Return the words that say nothing in a sentence with an outcry."""
    return frozenset(_BESIDE.get(language, "").casefold().split())


def regards(language: str) -> frozenset[str]:
    """Return the words with which a message takes its leave."""
    return frozenset(_REGARDS.get(language, "").casefold().split())
