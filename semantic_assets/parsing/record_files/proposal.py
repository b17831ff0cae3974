"""A proposal of the columns of records, from their names and their values."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from semantic_assets.parsing.record_files.paths import leaves
from semantic_assets.parsing.records import Columns


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


#: Names of columns in records that people have, in several languages; the likeliest first.
_TEXT_NAMES = _names(
    "text body content contents fulltext full_text abstract description article passage "
    "document message answer response review comment summary story note notes details snippet "
    "transcript post caption paragraph texto cuerpo contenido resumen descripcion descripción "
    "texte corps contenu résumé inhalt beschreibung volltext zusammenfassung nachricht testo "
    "contenuto descrizione conteúdo descrição tekst treść omschrijving текст содержание "
    "описание аннотация 正文 内容 文本 本文 テキスト 본문 내용 نص محتوى"
)
_TITLE_NAMES = _names(
    "title headline heading subject name question label titel betreff überschrift titre sujet "
    "título titulo asunto titolo oggetto assunto tytuł название заголовок тема 标题 題名 件名 タイトル "
    "제목 عنوان"
)
_ID_NAMES = _names(
    "id _id uuid guid key doi pmid isbn docid doc_id document_id record_id identifier code "
    "number no nr nummer numero numéro número kennung ключ номер код 编号 番号 번호 slug url uri "
    "link"
)
_PARTS = re.compile(r"[^\W_]+")
#: Of a row with a million names nobody means the last.
_MOST_COLUMNS = 2_000
_SAMPLE_ROWS = 200
_ID_CHARS, _TITLE_CHARS = 200, 300
#: Of a column whose name says nothing: a shorter one is a mark or a name.
_PROSE_CHARS = 40
#: A name that fits counts like so many times as much text.
_NAMED = 8.0


@dataclass(slots=True)
class _Seen:
    """The values of one column in the sample, as text."""

    values: list[str] = field(default_factory=list)
    strings: int = 0

    @property
    def mean(self) -> float:
        return sum(map(len, self.values)) / max(1, len(self.values))


def propose_columns(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Return the likely text, title and id columns of rows; a default where none is likely."""
    sample = rows[:_SAMPLE_ROWS]
    seen = _seen(sample)
    text = _text(seen)
    title = _title({name: one for name, one in seen.items() if name != text})
    ids = {name: one for name, one in seen.items() if name not in (text, title)}
    default = Columns()
    return Columns(
        record_id=_record_id(ids, len(sample)) or default.record_id,
        title=title or default.title,
        text=text or default.text,
    )


def likely_text(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the column that holds the text of rows; None if none is likely."""
    return _text(_seen(rows[:_SAMPLE_ROWS]))


def _seen(rows: Iterable[Mapping[str, Any]]) -> dict[str, _Seen]:
    seen: defaultdict[str, _Seen] = defaultdict(_Seen)
    for row in rows:
        for name, value in islice(leaves(row), _MOST_COLUMNS):
            is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
            shown = "\n".join(value) if is_list else value
            is_plain = isinstance(shown, (str, int, float)) and not isinstance(shown, bool)
            if is_plain and (text := str(shown).strip()):
                seen[name].values.append(text)
                seen[name].strings += isinstance(shown, str)
    return seen


def _text(seen: Mapping[str, _Seen]) -> str | None:
    scores = {name: _prose(one) * _weight(name, _TEXT_NAMES) for name, one in seen.items()}
    likely = [
        name
        for name, score in scores.items()
        if score and (seen[name].mean >= _PROSE_CHARS or _weight(name, _TEXT_NAMES) > 1)
    ]
    return max(likely, key=lambda name: scores[name], default=None)


def _prose(one: _Seen) -> float:
    """Return how many characters a column has that are words; links and digests have none."""
    if not one.strings:
        return 0.0
    return float(sum(len(text) for text in one.values if _is_prose(text)))


def _is_prose(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    has_words = " " in text or not text.isascii()  # Chinese and Japanese have no spaces
    return has_words and letters * 2 > len(text) and not text.startswith(("http:", "https:"))


def _title(seen: Mapping[str, _Seen]) -> str | None:
    likely = [
        name
        for name, one in seen.items()
        if one.strings and one.mean <= _TITLE_CHARS and _weight(name, _TITLE_NAMES) > 1
    ]
    return max(likely, key=lambda name: _weight(name, _TITLE_NAMES), default=None)


def _record_id(seen: Mapping[str, _Seen], rows: int) -> str | None:
    likely = [
        name
        for name, one in seen.items()
        if len(one.values) == rows == len(set(one.values))
        and max(map(len, one.values)) <= _ID_CHARS
        and (_weight(name, _ID_NAMES) > 1 or not any(map(_is_prose, one.values)))
    ]
    return max(likely, key=lambda name: _weight(name, _ID_NAMES), default=None)


def _weight(name: str, known: Sequence[str]) -> float:
    """Return 1 for a name that says nothing, and more the likelier it says what is looked for."""
    last = name.rpartition(".")[2].strip().casefold()
    if last in known:
        return _NAMED * (2 - known.index(last) / len(known))
    return _NAMED / 2 if set(_PARTS.findall(last)) & set(known) else 1.0
