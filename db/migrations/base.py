"""The class that every migration of this project inherits. Not a migration itself."""

from stepwell import Migration

__all__ = ["Migration"]
