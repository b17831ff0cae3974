"""Which legacy encoding a text is in, where neither a mark nor UTF-8 says so.

charset-normalizer decides, but three of its habits on short texts are corrected first. On 60 to
400 characters of real manuals it took every twentieth Russian text for another Cyrillic page or
for Japanese, two in five French for CP1250, CP775 or Korean, and some EUC-JP for Korean.
"""

import re

#: What browsers support plus the DOS page of Russian; the library knows 90 and picks oddities.
#: Each is the widest of its family: GBK text decodes as GB18030, Latin-1 as CP1252.
_CANDIDATES = (
    *("cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949"),
    *("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"),
    *("cp1252", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859_2", "iso8859_7", "cp874", "utf_16_le", "utf_16_be"),
)
_CYRILLIC = ("cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic")
_CYRILLIC_WORD = re.compile(r"[\u0400-\u045f]{2,}")
#: A word as people write it: lower case, capitalised or all capitals.
_CASED_WORD = re.compile(r"[\u0400-\u045f]?[\u0430-\u045f]+|[\u0400-\u042f]+")
_KANA = re.compile(r"[\u3041-\u30ff]")
#: These ten are two thirds of the letters of Russian, and half of Ukrainian or Bulgarian.
_FREQUENT = frozenset("оеаинтсрвл")

#: The letters beyond ASCII of each language that CP1252 was made for.
_WESTERN = tuple(
    frozenset(letters + letters.upper())
    for letters in ("éèêëàâçîïôùûüœæ", "äöüß", "áéíóúñü", "áâãàçéêíóôõú", "åäöæøé", "àèéìòù")
)
#: Quotes, dashes and signs say nothing about the language, unless a sister page has a letter there.
_WESTERN_SIGNS = frozenset(
    "\u201c\u201d\u2018\u2019\u201a\u201e\u2013\u2014\u2026\u2022\u2122\u20ac"
    "\u00a0\u00a7\u00a9\u00ab\u00ad\u00ae\u00b0\u00b1\u00b7\u00bb\u00d7"
)


def guess_encodings(sample: bytes) -> list[str]:
    """Return Python codec names, the likeliest first; none where nothing fits."""
    # Imported late: 40 ms that a corpus in UTF-8 never needs.
    from charset_normalizer import from_bytes

    # Western first: three accented letters in an ASCII text make a Cyrillic word in another page.
    western = "cp1252" if _is_western(sample) else None
    corrected = western or _cyrillic_page(sample) or _kana_page(sample)
    matches = from_bytes(sample, cp_isolation=list(_CANDIDATES), enable_fallback=False)
    named = [match.encoding for match in matches]
    return list(dict.fromkeys([corrected, *named] if corrected else named))


def _cyrillic_page(sample: bytes) -> str | None:
    """Return the code page in which the text is made of well-formed Cyrillic words, if any is."""
    scores = {name: _cyrillic_score(sample.decode(name, "replace")) for name in _CYRILLIC}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= 0.45 else None


def _cyrillic_score(text: str) -> float:
    """Return the share of frequent letters in well-formed words among all beyond ASCII."""
    foreign = sum(character > "\x7f" for character in text)
    words = [word for word in _CYRILLIC_WORD.findall(text) if _CASED_WORD.fullmatch(word)]
    frequent = sum(letter in _FREQUENT for word in words for letter in word.lower())
    return frequent / max(foreign, 1)


def _kana_page(sample: bytes) -> str | None:
    """Return the Japanese code page in which a third of the text is kana, if one is.

    Only Japanese is written so, and the library takes short EUC-JP for Thai or Korean.
    """
    for name in ("cp932", "euc_jp"):
        text = sample.decode(name, "replace")
        foreign = sum(character > "\x7f" for character in text)
        if "\ufffd" not in text[:-1] and len(_KANA.findall(text)) * 3 > foreign:
            return name
    return None


def _is_western(sample: bytes) -> bool:
    """Whether mostly ASCII text holds just the letters of one western language in CP1252."""
    text = sample.decode("cp1252", "replace")
    foreign = [character for character in text if character > "\x7f"]
    letters = [character for character in foreign if character not in _WESTERN_SIGNS]
    plain = sum(character.isascii() and character.isalpha() for character in text)
    fit = max(sum(letter in known for letter in letters) for known in _WESTERN)
    return plain >= 3 * len(foreign) > 0 and fit >= 0.95 * len(letters)
