"""The atlas as HTML."""
