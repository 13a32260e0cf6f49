"""A piece of text in the two languages of the atlas."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, Language] = ("en", "zh")


@dataclass(frozen=True)
class Text:
    """The same sentence in English and in Chinese; ``text[language]`` picks one."""

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def reader_language() -> Language:
    """The reader's language: MLATLAS_LANG when it is set, otherwise the locale's, otherwise English."""
    for name in ("MLATLAS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
