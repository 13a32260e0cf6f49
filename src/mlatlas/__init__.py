"""mlatlas: the executable atlas of machine learning."""

__version__ = "0.1.0"
