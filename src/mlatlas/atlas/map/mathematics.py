"""LaTeX as MathML for the browser, and as one line of Unicode for the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from unicodedata import normalize
from xml.etree import ElementTree

from math_core import LatexError, LatexToMathML

from mlatlas.atlas.errors import AtlasError

SUB = dict(zip("0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
SUP = dict(
    zip(
        "0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⊤βγδθ′*∗†",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵀᵝᵞᵟᶿ′**†",
        strict=True,
    )
)
ACCENTS = {"ˆ": "\u0302", "^": "\u0302", "¯": "\u0304", "‾": "\u0304", "˜": "\u0303", "~": "\u0303", "˙": "\u0307"}
ACCENTS |= {"¨": "\u0308", "→": "\u20d7", "\u0332": "\u0305"}
SPACED = set("+−-=≠<>≤≥≈≃≅≡∼∝→←↔↦⟶⟹⟸⟺⇒⇐⇔∈∉⊂⊆∪∩∧∨×⋅·∘±∓≪≫⊙⊗⊕∣∥⟂⊥≔")
GAP = "\ue000"  # around words: a space between two of them, nothing beside a bracket
WIDE = "\ue001"  # around fractions: a space before a bracket too
STYLES = {  # of math-core -> our class: a strict content policy allows no style in an element
    "margin-left:-0.16666667em;": "m-back",
    "text-align: right;justify-items: end;padding-right: 0;": "m-right",
    "text-align: left;justify-items: start;padding-left: 0;": "m-left",
    "text-align: left;justify-items: start;padding-right: 0;": "m-case",
    "text-align: left;justify-items: start;padding-right: 0;padding-left:1em;": "m-case m-when",
}
_SCRIPTED_FENCE = re.compile(  # Chromium gives it its height only in a row of its own
    r"(<msu[bp]\w*>)(<mo minsize[^>]*>[^<]*</mo>)"
)
_convert = LatexToMathML(fancy_error=False).convert_with_local_state


@lru_cache(20_000)  # readers type formulas too
def mathml(latex: str, display: bool = False) -> str:
    """The equation as MathML; AtlasError for LaTeX that cannot be read."""
    try:
        found = str(_convert(latex, displaystyle=display))
        found = _SCRIPTED_FENCE.sub(r"\1<mrow>\2</mrow>", found)
        return re.sub(' style="([^"]*)"', lambda match: f' class="{STYLES[match[1]]}"', found)
    except LatexError as error:
        raise AtlasError(f"the LaTeX {latex[:60]!r} cannot be read: {error}") from None
    except KeyError as error:
        raise AtlasError(f"the LaTeX {latex[:60]!r} asks for a style that pages do not have: {error}") from None


@contextmanager
def located(page: str, line: int) -> Iterator[None]:
    """What goes wrong inside is told with the page and the line."""
    try:
        yield
    except AtlasError as error:
        if str(error).startswith(f"{page}:"):
            raise
        raise AtlasError(f"{page}:{line}: {error}") from None


def unicode_math(latex: str) -> str:
    """The equation as readable text: ``ŵ = (XᵀX + λI)⁻¹ Xᵀy``; an aligned one has several lines."""
    source = mathml(latex).replace("&ApplyFunction;", GAP)
    try:
        root = ElementTree.fromstring(re.sub(r"&(?!amp;|lt;|gt;|quot;|apos;|#)\w+;", "", source))
    except ElementTree.ParseError:
        raise AtlasError(f"the LaTeX {latex[:60]!r} cannot be read: it holds a control character.") from None
    aligned = len(root) == 1 and root[0].tag == "mtable"
    lines = [[node for cell in row for node in cell] for row in root[0]] if aligned else [list(root)]
    return normalize("NFC", "\n".join(_spaced(_row(line)) for line in lines))


def _spaced(text: str) -> str:
    """The text with its gaps as spaces where they are needed."""
    text = re.sub(f"{GAP}*{WIDE}[{GAP}{WIDE}]*", WIDE, text)
    text = re.sub(rf"[{GAP}{WIDE}]+(?=[\s,.;)\]}}/]|$)|{GAP}+(?=[(\[])|(?<![^\s(\[{{√‖|−±])[{GAP}{WIDE}]+", "", text)
    return re.sub(f"[ {GAP}{WIDE}]+", " ", text).strip()


def _row(nodes: list[ElementTree.Element]) -> str:
    """Symbols side by side; an operator is spaced only between two operands."""
    text = ""
    for node in nodes:
        fence = node if node.tag == "mo" or not len(node) else node[0]
        if fence.get("form") == "postfix":
            text = text.rstrip(GAP + WIDE)
        symbol = (node.text or "").strip()
        if node.tag == "mo" and symbol in SPACED:
            text += f" {symbol} " if text.strip() and text[-1] not in " ([{," else symbol
        elif node.tag == "mo" and symbol in (",", ";"):
            text += f"{symbol} "
        else:
            text += _text(node)
    return text


def _text(node: ElementTree.Element) -> str:
    """One element and all inside it."""
    kids = list(node)
    match node.tag:
        case "mi" | "mn" | "mo":
            symbol = re.sub("[\u2061-\u2064\ufe00-\ufe0f]", "", (node.text or "").strip())
            return f"{GAP}{symbol}{GAP}" if len(symbol) > 1 and symbol.isalpha() else symbol
        case "mtext":
            return node.text or ""
        case "mspace":
            return " " if node.get("width", "0").startswith(("1", "2")) else ""
        case "mfrac":
            top, bottom = (_spaced(_row([kid])) for kid in kids)
            if node.get("linethickness") == "0":
                return f"{top} choose {bottom}"
            top = f"({top})" if any(f" {sign} " in top for sign in SPACED) else top
            simple = re.fullmatch(r"∂?(\d+|\w)[^\w\s]*", _unscripted(bottom))
            return f"{WIDE}{top}/{bottom}{WIDE}" if simple else f"{WIDE}{top}/({bottom}){WIDE}"
        case "msqrt":
            return f"√{_atom(_row(kids))}"
        case "mroot":
            return f"{_script(_text(kids[1]), SUP, '^')}√{_atom(_text(kids[0]))}"
        case "msub" | "munder":
            if (kids[1].text or "") in ("⏟", "_"):
                return _text(kids[0])
            return _scripted(kids[0], kids[1], None)
        case "msup":
            return _scripted(kids[0], None, kids[1])
        case "mover":
            base, over = _text(kids[0]), (kids[1].text or "").strip()
            if over in ACCENTS:
                return base + ACCENTS[over] if len(base) == 1 else f"({base}){ACCENTS[over]}"
            return base if over == "⏞" else _scripted(kids[0], None, kids[1])
        case "msubsup" | "munderover":
            return _scripted(kids[0], kids[1], kids[2])
        case "mtable":
            return "; ".join(", ".join(_row(list(cell)) for cell in row) for row in kids)
    return _row(kids)


def _scripted(base: ElementTree.Element, sub: ElementTree.Element | None, sup: ElementTree.Element | None) -> str:
    text = _text(base)
    low = _script(_text(sub), SUB, "_") if sub is not None else ""
    high = _script(_text(sup), SUP, "^") if sup is not None else ""
    word = text.endswith(GAP) or text in "∑∏∫⋃⋂" or "_" in low or "^" in high
    return f"{text.rstrip(GAP)}{low}{high}{GAP if word else ''}"


def _script(text: str, alphabet: dict[str, str], mark: str) -> str:
    """A sub- or superscript in the characters that Unicode has for it, otherwise ``_k`` or ``^(...)``."""
    text = _spaced(text)
    tight = text.replace(" ", "")
    if tight and all(letter in alphabet for letter in tight):
        return "".join(alphabet[letter] for letter in tight)
    return f"{mark}{_atom(text)}"


def _atom(text: str) -> str:
    text = _spaced(text)
    return text if len(_unscripted(text)) <= 1 or text.isalnum() or re.fullmatch(r"\([^()]*\)", text) else f"({text})"


def _unscripted(text: str) -> str:
    return re.sub(f"[{''.join({*SUB.values(), *SUP.values()} - set('*'))}*\u0300-\u036f\u20d7]", "", text)
