"""Search that finds the beginning of any word, in six languages, served by a plain index of PostgreSQL.

Texts are folded here, on write and on query alike, so both sides always agree and the database needs no
extension and no dictionary. Folded words go into a `tsvector` column that we fill ourselves (`vector`), and a
search is a `tsquery` of word beginnings (`query`); a GIN index answers `column @@ query` at a million rows.
"""

import re
import unicodedata

MAX_WORD = 64  # letters of a word that count
MAX_WORDS = 12  # words of a search that count
_ZWNJ = "\u200c"

# Letters that have no decomposition, or one that people do not type.
_LETTERS = str.maketrans(
    {
        "ı": "i",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ي": "ی",
        "ى": "ی",
        "ې": "ی",
        "ك": "ک",
        "ة": "ه",
        "ۀ": "ه",
        "ە": "ه",
        "ہ": "ه",
        "ھ": "ه",
        "ٱ": "ا",
        "\u0640": None,  # tatweel stretches a word
        _ZWNJ: None,
        "\u200d": None,
        "\u00ad": None,  # soft hyphen
    }
)
_CJK = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f\U00030000-\U000323af]+"
)


def fold(text: str) -> str:
    """The text as it is compared: one form per letter, no case, no accents, digits as 0 to 9.

    Folds compatibility forms (NFKC), Arabic and Persian letter forms, the zero width non-joiner, Turkish i
    and ı, Romanian ș and ş, Russian ё, and all digits.
    """
    folded = _fold_once(text)
    again = _fold_once(folded)
    return folded if again == folded else _fold_once(again)


def _fold_once(text: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(letter for letter in apart if unicodedata.category(letter) != "Mn").translate(_LETTERS)
    digits = "".join(str(unicodedata.decimal(letter, letter)) for letter in bare)
    return unicodedata.normalize("NFC", digits)


def _tokens(text: str) -> list[str]:
    """Runs of letters and digits; Chinese and Japanese runs stand by themselves."""
    found: list[str] = []
    run = ""
    for letter in text + " ":
        if letter.isalnum():
            run += letter
        elif run:
            found += [piece[:MAX_WORD] for piece in _by_script(run)]
            run = ""
    return found


def _by_script(run: str) -> list[str]:
    pieces, at = [], 0
    for match in _CJK.finditer(run):
        pieces += [run[at : match.start()], match[0]]
        at = match.end()
    return [piece for piece in [*pieces, run[at:]] if piece]


def _unfolded_words(text: str) -> list[str]:
    """Words as written; a word joined by ZWNJ stays one word here."""
    return [word for word in re.split(r"[^\w\u200c\u200d\u00ad\u0640]+", _composed(text)) if word]


def _composed(text: str) -> str:
    """Accents joined to their letters, so that they do not cut a word in two."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if unicodedata.category(letter) != "Mn"
    )
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> list[str]:
    """The folded words of a text, each once, as they go into the index.

    A Persian compound written with ZWNJ counts as a whole and as its parts; a run of Chinese letters counts
    as its pairs and its last letter, so that any piece of it is found.
    """
    found: dict[str, None] = {}
    for word in _unfolded_words(text):
        forms = [word, *word.split(_ZWNJ)] if _ZWNJ in word else [word]
        for form in forms:
            for token in _tokens(fold(form)):
                found.update(dict.fromkeys(_pieces(token)))
    return list(found)


def _pieces(token: str) -> list[str]:
    if not _CJK.match(token):
        return [token]
    return [token[i : i + 2] for i in range(len(token))]


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def vector(*texts: str | None) -> str:
    """A `tsvector` literal of all words of the texts: bind it and cast it, `CAST(:v AS tsvector)`."""
    found: dict[str, None] = {}
    for text in texts:
        found.update(dict.fromkeys(words(text or "")))
    return " ".join(_lexeme(word) for word in found)


def query(text: str) -> str:
    """A `tsquery` literal: every word of the text begins some word of the row.

    Empty when the text has no word; such a search matches nothing, so a door shows the whole list instead.
    """
    parts: dict[str, None] = {}
    for word in _unfolded_words(text)[:MAX_WORDS]:
        whole = _all_of(_tokens(fold(word)))
        if _ZWNJ in word:
            apart = _all_of([token for part in word.split(_ZWNJ) for token in _tokens(fold(part))])
            whole = f"({whole} | ({apart}))" if whole and apart != whole else whole
        if whole:
            parts[whole] = None
    return " & ".join(parts)


def _all_of(tokens: list[str]) -> str:
    return " & ".join(_lexeme(piece) + mark for token in tokens for piece, mark in _searched(token))


def _searched(token: str) -> list[tuple[str, str]]:
    """Word beginnings; of a Chinese run its pairs, of a single letter the pairs it begins."""
    if not _CJK.match(token) or len(token) == 1:
        return [(token, ":*")]
    return [(token[i : i + 2], "") for i in range(len(token) - 1)]
