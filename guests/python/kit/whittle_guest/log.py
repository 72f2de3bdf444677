"""Lines for the people who look after the UDF. They count against the query's budget."""

from whittle_guest import _host

__all__ = ["debug", "error", "info", "trace", "warn"]


def trace(message: str) -> None:
    """Log one line at level trace."""
    _log("TRACE", message)


def debug(message: str) -> None:
    """Log one line at level debug."""
    _log("DEBUG", message)


def info(message: str) -> None:
    """Log one line at level info."""
    _log("INFO", message)


def warn(message: str) -> None:
    """Log one line at level warn."""
    _log("WARN", message)


def error(message: str) -> None:
    """Log one line at level error."""
    _log("ERROR", message)


def _log(level: str, message: str) -> None:
    # A lone surrogate is not valid Unicode and would not cross the boundary.
    message = message.encode("utf-8", "backslashreplace").decode()
    _host.logging.log(getattr(_host.logging.Level, level), message)
