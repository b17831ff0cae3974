"""The languages whose legacy code pages can be told apart: their letters and pages.

Letters are in the order of their frequency, for Latin scripts only those beyond ASCII. The order
is from memory of ordinary prose and need not be exact: it decides only between two readings whose
letters are all in use.
"""

from typing import NamedTuple


class Language(NamedTuple):
    """A language: the Python codec names of its pages, and its letters in lower case."""

    pages: tuple[str, ...]
    letters: str


_RUSSIAN = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")
_CYRILLIC = ("cp1251", "koi8_u", "iso8859_5", "mac_cyrillic")
_WESTERN = ("cp1252", "iso8859_15", "mac_roman", "cp850")
_CENTRAL = ("cp1250", "iso8859_2", "cp852")
_TURKISH = ("cp1254", "cp857")
_BALTIC = ("cp1257", "cp775")

#: Pages of DOS and of the first Macs, hardly in use any more.
OLD_PAGES = frozenset(("mac_roman", "mac_cyrillic", "cp850", "cp852", "cp857", "cp775"))
#: The number of first languages that are common enough to win a doubtful case.
COMMON = 6

#: Where two languages read the same bytes equally well, the earlier one is taken.
LANGUAGES = (
    Language(_WESTERN, ""),  # English: quotes and dashes
    Language(_WESTERN, "éèàêçôùîâûïëœüæ"),  # French
    Language(_WESTERN, "üäöß"),  # German
    Language(_WESTERN, "óíáéñúü"),  # Spanish
    Language(_WESTERN, "ãçáéíóêõâúàôü"),  # Portuguese
    Language(_WESTERN, "àèùòìé"),  # Italian
    Language(_WESTERN, "éëïöüèóá"),  # Dutch
    Language(_WESTERN, "äöåéü"),  # Swedish, Finnish
    Language(_WESTERN, "øåæéòóô"),  # Danish, Norwegian
    Language(_WESTERN, "ðáíþóæöéúý"),  # Icelandic
    Language(_WESTERN, "éàèóíòçúïü"),  # Catalan
    Language(_WESTERN, "éáüíöóäèçàñúêãôâîûëïåøõæßœùòì"),  # several of them in one text
    Language(_CENTRAL, "ęąłóśżćńź"),  # Polish
    Language(_CENTRAL, "íáěéřčžýšůúťóďň"),  # Czech
    Language(_CENTRAL, "áíéčžýúšľťôňóäďŕĺ"),  # Slovak
    Language(_CENTRAL, "áéöíőóüúű"),  # Hungarian
    Language(_CENTRAL, "ăîâţş"),  # Romanian
    Language(_CENTRAL, "čšžćđ"),  # Croatian, Slovene
    Language((*_WESTERN, *_CENTRAL), "ëç"),  # Albanian
    Language(_TURKISH, "ışüğçöâîû"),
    Language(_BALTIC, "ėšųįžąūčę"),  # Lithuanian
    Language(_BALTIC, "āīēšūņļžčģķ"),  # Latvian
    Language(_BALTIC, "äõüöšž"),  # Estonian
    Language(_RUSSIAN, "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
    Language((*_CYRILLIC, "koi8_r"), "аоиетнрвсдклпмъзгубячщжцйхфшюь"),  # Bulgarian
    Language(_CYRILLIC, "оаиінвтерскулдмпзяьбгйчхжцїюшєщфґ"),  # Ukrainian
    Language(_CYRILLIC, "аіынеорстлкявдпумзьцгбўчшжёхйюфэ"),  # Belarusian
    Language(_CYRILLIC, "аоиенртсјкувдмлпгзбчшжћцњђхљфџ"),  # Serbian
    Language(("cp1253", "iso8859_7"), "αοιετνσηρκπλυμςίάόγδέχθύφβώήξζψϊϋΐΰ"),
    Language(("cp1255",), "יולהארתמבשנעםדחקפטןכגסצזךףץ"),
    Language(("cp1256", "iso8859_6"), "اليمنترودبعسهقفكحجةشأطىصخضذثزغإئءظؤآ"),
    Language(("cp1256",), "اينرديهمتوسبشكلزفخگقعجپحچآطصغذضئژثظ"),  # Persian
    Language(("cp874",), "านรอก่เง้มยลวดทีสิตัะปบคห็แจพชขืุใไูโ์ผซำถธภฉศณฐฎญษฟ"),
)
