"""The Markdown of a page's prose as tokens: dollar mathematics, and emphasis and line ends that suit Chinese."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

CJK = "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff65“”‘’…—"
_is_cjk = re.compile(f"[{CJK}]").match


@cache
def parser() -> MarkdownIt:
    """CommonMark without raw HTML, with tables, ``$mathematics$`` and the two rules below."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.use(dollarmath_plugin, allow_labels=False, double_inline=True)
    reader.inline.ruler.at("emphasis", _emphasis)
    reader.core.ruler.push("cjk_line_ends", _join_lines)
    return reader


def tokens(markdown: str) -> list[Token]:
    """The tokens of a piece of prose; ``math_inline`` and ``math_block`` hold LaTeX."""
    return parser().parse(markdown)


def _emphasis(state: StateInline, silent: bool) -> bool:
    """CommonMark's rule, but beside a Chinese character only white space keeps stars from opening or closing.

    CommonMark takes Chinese punctuation for Latin, so that ``**岭回归（L2）**是`` would show its stars.
    """
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    opens, closes = scanned.can_open, scanned.can_close
    before, after = state.src[: state.pos][-1:], state.src[state.pos + scanned.length :][:1]
    if marker == "*" and (_is_cjk(before) or _is_cjk(after)):
        opens, closes = bool(after.strip()), bool(before.strip())
    for _ in range(scanned.length):
        state.push("text", "", 0).content = marker
        token = len(state.tokens) - 1
        state.delimiters.append(Delimiter(ord(marker), scanned.length, token, -1, opens, closes))
    state.pos += scanned.length
    return True


def _join_lines(state: StateCore) -> None:
    """A line end between two Chinese characters is no space."""
    for block in state.tokens:
        inline = block.children or []
        for before, token, after in zip(inline, inline[1:], inline[2:], strict=False):
            if token.type == "softbreak" and _is_cjk(before.content[-1:]) and _is_cjk(after.content[:1]):
                token.type, token.content = "text", ""
