r"""Hide the answer of an equation: ``a = b`` becomes ``a = {?}``, in LaTeX."""

from __future__ import annotations

import re

HIDDEN = r"\,?"
_ALIGNED = re.compile(r"\\begin\{(aligned|align\*?|split|gathered)\}(.*)\\end\{\1\}", re.DOTALL)
_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|=:|.", re.DOTALL)
_OPENING, _CLOSING = {"{", "(", "[", r"\{", r"\begin"}, {"}", ")", "]", r"\}", r"\end"}
_EQUALS = {"=", r"\equiv", r"\coloneqq", r"\gets", r"\leftarrow"}
_ARROWS = {r"\Rightarrow", r"\Longrightarrow", r"\implies", r"\iff", r"\Leftrightarrow", r"\Longleftrightarrow"}
_WEAKER = {r"\approx", r"\propto", r"\le", r"\leq", r"\ge", r"\geq", r"\sim", r"\to", "<", ">", *_ARROWS}


def hidden(latex: str) -> str:
    """The equation up to its last relation at the top level, with a question mark for the rest.

    A side condition after ``\\quad`` stays, and so does what stands before an arrow. A name given to the answer
    with ``=:`` is hidden with it.
    """
    latex = latex.strip()
    if match := _ALIGNED.fullmatch(latex):
        return rf"\begin{{{match[1]}}}{hidden(match[2])}\end{{{match[1]}}}"
    equals, weaker, end = -1, -1, len(latex)
    depth = 0
    for token in _TOKEN.finditer(latex):
        symbol = token[0]
        depth += (symbol in _OPENING) - (symbol in _CLOSING)
        if depth:
            continue
        if symbol in _EQUALS:
            equals = token.end()
        elif symbol in _WEAKER:
            equals, weaker = -1 if symbol in _ARROWS else equals, token.end()
        elif symbol in (r"\quad", r"\qquad") and equals > 0 and not _arrow_follows(latex, token.end()):
            end = token.start()
            break
    cut = equals if equals > 0 else weaker
    side = f", {latex[end:]}" if end < len(latex) else ""
    return f"{latex[:cut]} {HIDDEN}{side}" if cut > 0 else HIDDEN


def _arrow_follows(latex: str, position: int) -> bool:
    token = _TOKEN.match(latex[position:].lstrip())
    return token is not None and token[0] in _ARROWS
