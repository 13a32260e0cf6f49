"""The map: what is planned, the rooms that are built, their pages, and the graph between them."""

from mlatlas.atlas.map.graph import Atlas, open_atlas
from mlatlas.atlas.map.inventory import MAP, Claim, Concept, Question
from mlatlas.atlas.map.page import (
    SECTIONS,
    Block,
    Check,
    ClaimBlock,
    Equation,
    Page,
    Prose,
    QuestionBlock,
    Section,
    parse_page,
    read_page,
)
from mlatlas.atlas.map.rooms import RELATIONS, LawHeader, Room

__all__ = [
    "MAP",
    "RELATIONS",
    "SECTIONS",
    "Atlas",
    "Block",
    "Check",
    "Claim",
    "ClaimBlock",
    "Concept",
    "Equation",
    "LawHeader",
    "Page",
    "Prose",
    "Question",
    "QuestionBlock",
    "Room",
    "Section",
    "open_atlas",
    "parse_page",
    "read_page",
]
