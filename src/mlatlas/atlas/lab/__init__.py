"""Experiments with knobs: a room's lab is a typed generator function that yields what is declared here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
