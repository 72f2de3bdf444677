"""What a UDF raises, and how any exception is told to the host."""


class InvalidArgumentError(Exception):
    """The arguments are wrong: the query must change. The message names the parameter."""


class FailedError(Exception):
    """The document could not be handled, for the reason that the message gives."""


def message(error: BaseException) -> str:
    """Tell an exception in one text; a type of Python's is named, since many say little else."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a `__str__` of the author's may raise anything
        text = ""
    if not isinstance(error, (InvalidArgumentError, FailedError)):
        name = type(error).__name__
        text = f"{name}: {text}" if text else name
    # A lone surrogate is no Unicode and would not cross the boundary.
    return text.encode("utf-8", "backslashreplace").decode()


def origin(error: BaseException) -> str:
    """Tell where an exception comes from, innermost call last.

    Not by the module `traceback`: it looks for the sources, and a component has no files.
    """
    calls = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        calls.append(f"{code.co_filename}:{traceback.tb_lineno} in {code.co_qualname}")
        traceback = traceback.tb_next
    return ", ".join(calls)
