"""The words that hold sentences together, by which a language is known; a question is not about them.

Each list has the most frequent function words of a language and its words for asking. Names are those
of the Snowball stemmers; Vietnamese has none, its words do not change.
"""

_WORDS = {
    "english": """the of and to in is was for on with as by that it at from are be were this which or an
        had has have but not their its his he she they what who whom whose when where how why did does do
        been would could can will into than there these those about you your we our if then so""",
    "german": """der die das und ist von zu den dem des ein eine einer eines einem einen mit auf für im nicht
        sich auch als an es er sie war wurde werden wird sind bei nach aus wie um am dass oder durch über wer
        was wann wo warum welche welcher welches welchem wem wen wieviel viele hat haben hatte kann man nur
        noch zur zum vor wenn""",
    "french": """le la les des du de un une et est en que qui dans pour par sur au aux avec ce cette ces il elle
        ils elles pas ne plus son sa ses ou où quand comment pourquoi quel quelle quels quelles combien était
        sont été être avoir fait comme mais se leur leurs nous vous quoi lors d l qu""",
    "spanish": """el la los las de del y en que es un una por con para se su sus al lo como más no fue era son
        o pero este esta estos estas entre cuando donde dónde cuándo cómo qué quién quiénes cuál cuáles cuánto
        cuántos cuántas cuántas había ha han ser sobre también desde hasta muy porque""",
    "italian": """il lo la gli le di del della dei delle degli dal dalla nel nella e è in che un una uno per con si
        su sul sulla al alla come più non fu era sono o ma questo questa quando dove come chi cosa quale quali
        quanto quanti quante perché ha hanno essere anche ed ai""",
    "portuguese": """o os as um uma de do da dos das e em no na nos nas que é para por com se ao à como mais não
        foi era são ou mas este esta quando onde quem qual quais quanto quantos quantas porque por foram ser
        também pelo pela seu sua você isso até""",
    "dutch": """de het een en van in is dat op te zijn met voor niet die aan er om als bij ook door naar uit
        over werd worden was wordt maar of deze dit wie wat wanneer waar hoe waarom welke hoeveel heeft hebben
        had kan men nog geen tot dan""",
    "swedish": """och i att det som en på är av för med till den har de inte om ett var han hon men sig från vid
        eller när hur vad vem vilka vilken vilket varför där så kan ska blev under efter också mellan hade""",
    "danish": """og i at det som en på er af for med til den har de ikke om et var han hun men sig fra ved eller
        når hvordan hvad hvem hvilke hvilken hvilket hvorfor hvor der så kan skal blev under efter også mellem
        havde""",
    "norwegian": """og i at det som en på er av for med til den har de ikke om et var han hun men seg fra ved
        eller når hvordan hva hvem hvilke hvilken hvilket hvorfor hvor der så kan skal ble under etter også
        mellom hadde""",
    "finnish": """ja on ei että se oli hän ovat mutta kuin joka myös sen tai kun mitä mikä kuka missä milloin
        miten miksi kuinka jotka olivat ole vain jos niin tämä tämän ne sekä kanssa mukaan jälkeen oli""",
    "hungarian": """a az és hogy nem is egy volt van meg ez azt mint csak de el ki mi mit mikor hol hogyan miért
        melyik milyen mennyi hány vagy már még kell lehet ha után szerint között által amely aki""",
    "romanian": """și în de la cu pe care este un o din nu se au fost mai pentru prin sau al ale lui cel cea ce
        cine când unde cum care câți câte cât dar sunt era după între asupra dintre această acest fi""",
    "turkish": """ve bir bu da de için ile olarak olan çok en gibi daha ne kim nerede zaman nasıl neden hangi kaç
        kadar sonra ise ya veya mi mı mu mü değil var yok o her göre tarafından oldu olduğu idi hangisi nedir
        kimdir""",
    "polish": """w i na z do nie się jest że to o od za po jak przez dla co kto kiedy gdzie dlaczego który która
        które ile czy był była było są ale oraz lub przy tym jego jej ich tego może""",
    "czech": """a v na se je z do že o s k pro od po za jako by jeho její jejich ale který která které co kdo
        kdy kde jak proč kolik byl byla bylo jsou nebo ve ze při není také""",
    "catalan": """el la els les de del dels i en que és un una per amb al als no es va van són com més seu seva o
        però aquest aquesta quan on qui què quin quina quins quantes quants perquè ser també fins des""",
    "indonesian": """yang dan di dari untuk dengan pada ini itu dalam adalah tidak ke oleh sebagai akan atau juga
        apa siapa kapan mana bagaimana mengapa berapa telah dapat ada karena bahwa oleh para""",
    "vietnamese": """của và là các được không trong một những cho có này đã với người từ khi ở đến như ai gì nào
        đâu sao bao nhiêu tại vì mà cũng để ra bị về""",
    "russian": """и в на не с что по как из к для от это был была было были его её он она они за при до или но
        так же у о об к со который которая которые которого кто когда где почему сколько какой какая какие
        каком каков чем является чтобы бы""",
    "greek": """και το του της η ο την τον να με για που σε από τα στην στο στον των οι είναι ήταν δεν τις τους
        ως ένα μια ένας αλλά ή ποιος ποια ποιο ποιοι ποιες πότε πού πώς γιατί πόσο πόσα πόσοι τι κατά μετά""",
    "arabic": """في من على إلى أن التي الذي عن هو هي ما كان كانت هذا هذه مع لا أو كما بعد قبل بين لم قد ذلك
        حيث متى أين كيف لماذا كم هل أي ماذا منذ عند كل غير""",
    "persian": """و در به از که این را با است برای آن یک بر تا می بود شد چه کی کجا چگونه چرا چند آیا یا هم
        شده خود های کرد اند نیز""",
    "hindi": """के का की में है और से को ने पर हैं यह था थी थे कि एक इस लिए भी नहीं या जो तो ही कर गया किया
        क्या कौन कब कहाँ कहां कैसे क्यों कितने कितना कितनी किस किसने द्वारा अपने""",
    "nepali": """र को मा छ हो का लाई ले पनि यो भएको छन् थियो गर्न गरेको कि तथा के कसरी कहिले कहाँ किन कति
        कुन बाट लागि भने एक""",
}
LANGUAGES = tuple(_WORDS)


def _languages_by_word() -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for place, language in enumerate(LANGUAGES):
        for word in set(_WORDS[language].split()):
            found.setdefault(word, []).append(place)
    return {word: tuple(places) for word, places in found.items()}


#: For each function word the places of its languages in LANGUAGES.
FUNCTION_WORDS = _languages_by_word()
