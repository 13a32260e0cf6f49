"""Corpora in columns, as the CoNLL tasks have them: a line for each token, an empty line after each sentence."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

Rows = list[tuple[str, ...]]

SPACE = re.compile(r"[ \t]+")
DOCUMENT = "-DOCSTART-"


def read_conll(path: str | os.PathLike[str], columns: int | None = None) -> list[Rows]:
    """The sentences of a file, each a list of tokens, each a tuple of its columns.

    Columns are parted by blanks or tabs, sentences by empty lines; a line that begins with -DOCSTART- begins a document and
    holds no token. The text is UTF-8.

    Args:
        path: the file.
        columns: how many columns each line has; None for as many as the first.

    Raises:
        ValueError: a line with another number of columns, or that is no UTF-8, by file and line; no sentence at all.
        OSError: a file that cannot be read.

    Source: Tjong Kim Sang, De Meulder 2003, Introduction to the CoNLL-2003 shared task.
    """
    if columns is not None and (isinstance(columns, bool) or not isinstance(columns, int) or columns < 1):
        raise ValueError(f"columns must be a whole number from 1 on or None; got {columns!r}.")
    name, found, rows = os.fspath(path), [], Rows()
    for number, raw in enumerate(Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            line = raw.decode("utf-8").strip(" \t\r")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{name}, line {number}: the text must be UTF-8; {error.reason}. Convert the file."
            ) from None
        if not line or line.startswith(DOCUMENT):
            found += [rows] if rows else []
            rows = Rows()
            continue
        row = tuple(SPACE.split(line))
        columns = columns or len(row)
        if len(row) != columns:
            raise ValueError(
                f"{name}, line {number}: there must be {columns} columns; got {len(row)} in {line!r:.60}. "
                "Separate columns by one blank or tab, and sentences by an empty line."
            )
        rows.append(row)
    found += [rows] if rows else []
    if not found:
        raise ValueError(f"{name} must hold at least one token; got none. Is it the right file?")
    return found


def write_conll(path: str | os.PathLike[str], sentences: Iterable[Iterable[Sequence[str]]]) -> None:
    """Write sentences in columns, so that `read_conll` gives them back.

    Raises:
        ValueError: a token whose columns are not as many as the first one's; a value that is empty or holds white space; a
            first column that begins with -DOCSTART-; a sentence without tokens.
    """
    lines: list[str] = []
    columns = 0
    for s, sentence in enumerate(sentences):
        before = len(lines)
        for t, row in enumerate(sentence):
            columns = columns or len(row)
            if isinstance(row, str) or len(row) != columns or not columns:
                raise ValueError(f"sentence {s}, token {t} must have {columns or 'some'} columns; got {row!r:.60}.")
            for value in row:
                if not isinstance(value, str) or not value or re.search(r"[ \t\r\n]", value) or "\ufeff" in value:
                    raise ValueError(
                        f"sentence {s}, token {t}: a value must be a string without blanks that is not empty; got {value!r:.60}."
                    )
            if row[0].startswith(DOCUMENT):
                raise ValueError(f"sentence {s}, token {t}: {DOCUMENT} begins a document; it cannot be a token.")
            lines.append("\t".join(row))
        if len(lines) == before:
            raise ValueError(f"sentence {s} must hold at least one token; got none. Leave it out.")
        lines.append("")
    Path(path).write_bytes("\n".join(lines).encode("utf-8"))
