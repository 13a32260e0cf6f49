"""What can be read as a list: the places, questions, claims, the matrix of what holds, glossary and notation."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
