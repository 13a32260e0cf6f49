"""Real data sets, each returned as a `Table`. The bundled ones need no download; the others are fetched once."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
