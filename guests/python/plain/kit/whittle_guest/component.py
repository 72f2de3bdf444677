"""In place of a kit: the project's own exports are the component's."""

from app import Functions

__all__ = ["Functions"]
