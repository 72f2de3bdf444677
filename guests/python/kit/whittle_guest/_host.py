"""The world's imports, and the module in C beside them.

Outside of a component neither exists. There the host is a fake one, so that modules that use the
kit can be imported and their functions tested: see `whittle_guest.testing`.
"""

from typing import TYPE_CHECKING

__all__ = ["columns", "document", "logging", "native", "results", "types"]

if TYPE_CHECKING:
    from wit_world.imports import columns, document, logging, results, types

    from whittle_guest import _batch as native
else:
    try:
        from wit_world.imports import columns, document, logging, results, types

        from whittle_guest import _batch as native
    except ImportError:
        from whittle_guest._fake import columns, document, logging, native, results, types
