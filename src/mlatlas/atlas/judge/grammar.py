"""Read what a reader types: within limits, with a remedy for the usual slips, and never further than a syntax tree."""

from __future__ import annotations

import ast
import keyword
import re
from typing import NoReturn

from mlatlas.atlas.text import Text

CHARACTERS, NODES, DEPTH = 1000, 600, 100

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {ord("−"): ord("-"), 0x3000: ord(" ")}
ALLOWED = re.compile(r"[\w\s+\-*/@()\[\],:.<>=!]")
JUXTAPOSED = re.compile(r"(?<![\w.])\d[\d.]*+(?:[eE][+-]?\d+)?+(?=[^\W\d])")
WORD = re.compile(r"[^\W\d]\w*")
_TRANSPOSE = ("write transpose(X) for a transpose", "转置请写成 transpose(X)")
_PRODUCT = (
    "write * for entry by entry, @ for a product of vectors and matrices",
    "逐项相乘写 *，向量与矩阵相乘写 @",
)
REMEDIES = {
    "^": ("write ** for a power", "幂请写成 **"),
    "'": _TRANSPOSE,
    "ᵀ": _TRANSPOSE,
    "⊤": _TRANSPOSE,
    "·": _PRODUCT,
    "×": _PRODUCT,
    "²": ("write x**2 for a square", "平方请写成 x**2"),
    "√": ("write sqrt(x) for a root", "开方请写成 sqrt(x)"),
    "|": ("write abs(x) or norm(x)", "请写成 abs(x) 或 norm(x)"),
    "\\": ("write names and functions, not LaTeX", "请用名字和函数书写，不要写 LaTeX"),
}


class ExpressionError(ValueError):
    """Why an expression is refused, in one sentence, in each language."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.text = Text(en, zh)


def refuse(en: str, zh: str) -> NoReturn:
    """Refuse an expression."""
    raise ExpressionError(en, zh)


def parsed(text: str) -> ast.expr:
    """The syntax tree of an expression that is neither too long nor too deep."""
    if len(text) > CHARACTERS:
        refuse(
            f"{len(text)} characters are too many; the limit is {CHARACTERS}",
            f"{len(text)} 个字符太长，上限 {CHARACTERS}",
        )
    text = " ".join(text.translate(FULL_WIDTH).split())
    if not text:
        refuse("there is nothing to evaluate; type the right-hand side", "还没有内容；请写出等式右边")
    _characters(text)
    _words(text)
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        at = max(1, error.offset or 1)
        refuse(f"it is no expression; look near character {at}", f"这不成算式；请看第 {at} 个字符附近")
    except (ValueError, RecursionError, MemoryError):
        refuse("it is nested too deeply; shorten it", "嵌套太深；请化简")
    _size(tree)
    return tree


def _characters(text: str) -> None:
    for character in text:
        if character in REMEDIES:
            en, zh = REMEDIES[character]
            refuse(f"{character} is not understood; {en}", f"看不懂 {character}；{zh}")
        if not ALLOWED.match(character):
            refuse(f"{character!r} is no part of an expression", f"算式里不能有 {character!r}")


def _words(text: str) -> None:
    if match := JUXTAPOSED.search(text):
        refuse(
            f"{match[0]} runs into a name; write {match[0]}*... for a product",
            f"{match[0]} 与名字相连；乘法写 {match[0]}*…",
        )
    for word in WORD.findall(text):
        if keyword.iskeyword(word) and word not in ("None", "True"):
            en = f"{word!r} is refused: no lambdas, comprehensions, loops or conditions; write with whole arrays"
            refuse(en, f"不接受 {word!r}：没有匿名函数、推导式、循环和条件语句；请用整个数组来写")


def _size(tree: ast.expr) -> None:
    level: list[ast.AST] = [tree]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > NODES or depth > DEPTH:
            refuse("it is too long or nested too deeply; shorten it", "太长或嵌套太深；请化简")
        level = [child for node in level for child in ast.iter_child_nodes(node)]
