"""Judging a subject: checks, laws, mutants, peers and races. Rooms declare with the names exported here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
