"""Titles: what a document says it is called, without markup, unless it is no title at all.

Programs fill the field with what they have at hand: the name of the file it was made from, the name
of a new document, a number. Such a title is worse than none.
"""

import re
from html import unescape

from semantic_assets.text.characters import canonical

#: A line of a megabyte may begin with a #, but is no name for a document.
MAX_TITLE_CHARS = 300
_READ_CHARS = 3000

_IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\](?:\([^()\n]{0,1000}\)|\[[^\[\]\n]{0,100}\])")
_LINK = re.compile(r"\[([^\[\]\n]{0,300})\](?:\([^()\n]{0,1000}\)|\[[^\[\]\n]{0,100}\])")
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]{0,300}\|)?([^\[\]|\n]{1,300})\]\]")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,50}\]")
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]{1,300})(?<!`)\1(?!`)")
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|br|center|code|del|div|em|font|h[1-6]|hr|i|img|ins|kbd|mark|p|picture|s"
    r"|small|source|span|strong|sub|sup|tt|u|wbr)(?=[\s/>])[^<>]{0,1000}>|<!--[^<>]{0,1000}-->",
    re.IGNORECASE,
)
_STRONG = re.compile(r"(?<![\w*])\*{1,3}(?=[^\s*])([^*\n]{1,300})(?<=[^\s*])\*{1,3}(?![\w*])")
_UNDERSCORED = re.compile(r"(?<![\w])_{1,3}(?=[^\s_])([^\n]{1,300}?)(?<=[^\s_])_{1,3}(?![\w])")
_STRUCK = re.compile(r"(~~|==)(?=\S)([^~=\n]{1,300})(?<=\S)\1")
_ATTRIBUTES = re.compile(r"\{:?[ ]{0,3}[#.][^{}\n]{0,200}\}$|\{#[^{}\n]{0,200}\}$")
_SHORTCODE = re.compile(r"(?<!\S):[a-z0-9_+-]{2,40}:(?!\S)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")

_NEW = (
    r"(?:(?:un|no[nt]?[ -]?)titled?|new|neues?|nouveau|nuevo|nuovo|novo|title|titel|titre|título"
    r"|ohne titel|sans titre|sin título|sem título|senza titolo|zonder titel|bez nazwy|namenlos"
    r"|naamloos|без имени|без названия|безымянный|новый|无标题|無標題|未命名|新建|新規|無題|名称未設定"
    r"|제목 없음)"
)
_THING = (
    r"(?:(?:microsoft )?(?:word|excel|power ?point)?[ -]?(?:document|dokument|documento|presentation"
    r"|präsentation|présentation|presentación|apresentação|workbook|spreadsheet|mappe|classeur|sheet"
    r"|tabelle|feuille|slides?|folie|diapositive|layout|publication|документ|презентация|лист|слайд"
    r"|文档|文件|文書|演示文稿|プレゼンテーション|문서|프레젠테이션|scan))"
)
#: Words of which only a machine writes the number without a space.
_PIECE = r"(?:книга|book|page|seite|drawing|zeichnung|file|note|notebook|text|img|image|dscn?|pict?|photo|foto)"
_NUMBER = r"(?:[ _(-]{0,2}[0-9]{1,14}(?:[_-][0-9]{1,14})?\)?)"
#: `untitled`, `Untitled Document`, `Document1`, `New presentation (2)`, `Slide 1`, `IMG_0042`.
_NAMELESS = re.compile(
    rf"[\W_]{{0,3}}(?:{_NEW}(?:[ -]?(?:{_THING}|{_PIECE}))?{_NUMBER}?|{_THING}(?:{_NUMBER}| {_NEW})"
    rf"|{_PIECE}(?=[^ ]){_NUMBER}|document|dokument|documento|presentation|документ|презентация"
    r"|power ?point[ -]presentation|microsoft word(?: document)?|full page photo|scanned document"
    r"|n/?a|none|null|undefined|anonymous)[\W_]{0,3}",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"(?:microsoft (?:word|excel|power ?point|publisher|visio|outlook|office word)|wordpro"
    r"|adobe (?:indesign|illustrator|pagemaker|photoshop)|quarkxpress|(?:open|libre)office[a-z. ]{0,20})"
    r" ?(?:\(?tm\)? ?)?- .{1,300}",
    re.IGNORECASE,
)
#: Only kinds of documents: Node.js, socket.io and package.json are names of things.
_FILE_NAME = re.compile(
    r"\S{1,80}(?: \S{1,80}){0,9}?(?<=[\w)\]-])\.(?:docx?|docm|dotx?|rtf|od[tpsgf]|sxw|wp[ds]|pdf|e?ps"
    r"|ai|xps|dvi|tex|ltx|bib|pp[st]x?|pptm|xlsx?|xlsm|xlsb|csv|tsv|vsdx?|pub|pm[d56]|p65|qx[dp]|indd"
    r"|fm|mif|book|cdr|psd|dwg|dxf|svg|jpe?g|png|gif|tiff?|bmp|webp|heic|html?|xhtml|mht|aspx?|php"
    r"|jsp|txt|text|md|markdown|rst|adoc|eml|msg|epub|mobi|azw3?|djvu?|pages|numbers|hwp|zip|bak|tmp"
    r"|log|prn|xml)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"(?:[a-z][a-z+.-]{1,20}://|www\.|file:|about:|[a-z]:[\\/]|\\\\|~?/)\S{0,2000}", re.I
)
#: Digests and ids: no word holds so many digits.
_ID = re.compile(r"(?=[^0-9]{0,40}[0-9])[{(]?[0-9a-f]{8}[0-9a-f-]{8,80}[)}]?", re.IGNORECASE)


def own_title(text: str) -> str | None:
    """Return a title on one line without markup; None if it is no title."""
    plain = " ".join(canonical(_without_markup(text[:_READ_CHARS])).split())
    return None if _is_junk(plain) else plain[:MAX_TITLE_CHARS].rstrip()


def _without_markup(text: str) -> str:
    codes: list[str] = []

    def set_apart(found: re.Match[str]) -> str:
        codes.append(found[2])
        return f"\0{len(codes) - 1}\0"

    text = _LINK.sub(r"\1", _IMAGE.sub(" ", _TAG.sub(" ", _CODE.sub(set_apart, text))))
    text = _FOOTNOTE.sub("", _WIKI_LINK.sub(r"\1", text))
    text = _ATTRIBUTES.sub("", text.rstrip())
    for pattern, kept in ((_STRONG, r"\1"), (_UNDERSCORED, r"\1"), (_STRUCK, r"\2")):
        text = pattern.sub(kept, text)
    text = unescape(_ESCAPE.sub(r"\1", _SHORTCODE.sub("", text)))
    for number, code in enumerate(codes):
        text = text.replace(f"\0{number}\0", code)
    return text.replace("\0", "")


def _is_junk(title: str) -> bool:
    if not any(character.isalpha() for character in title):
        return True
    kinds = (_NAMELESS, _PROGRAM, _FILE_NAME, _PLACE, _ID)
    return any(kind.fullmatch(title) for kind in kinds)
