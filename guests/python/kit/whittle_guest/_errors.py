"""What a UDF raises, and how exceptions are reported to the host."""


class InvalidArgumentError(Exception):
    """The arguments are wrong: the query must change. The message names the parameter."""


class FailedError(Exception):
    """The document could not be handled, for the reason that the message gives."""


_KIT = __file__.removesuffix(f"{__name__.rpartition('.')[2]}.py")
_PROJECT = "/0/"
"""Where a component has the files of the project."""
_CALLS = 8

_TOLD_BY_MESSAGE = (InvalidArgumentError, FailedError, Exception, RuntimeError, ValueError)
"""What is raised with a sentence for whoever reads it. Others, as `KeyError`, say little alone."""


def message(error: BaseException) -> str:
    """Tell an exception in one text: its message, with its type where that is needed."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a `__str__` of the author's may raise anything
        text = ""
    name = type(error).__name__
    if not text:
        text = name
    elif type(error) not in _TOLD_BY_MESSAGE:
        text = f"{name}: {text}"
    # A lone surrogate is not valid Unicode and would not cross the boundary.
    return text.encode("utf-8", "backslashreplace").decode()


def origin(error: BaseException) -> str:
    """Tell where an exception comes from: the innermost calls outside of the kit.

    Not by the module `traceback`: it looks for the sources, and a component has no files.
    """
    calls: list[str] = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not code.co_filename.startswith(_KIT):
            file = code.co_filename.removeprefix(_PROJECT)
            calls.append(f"{file}:{traceback.tb_lineno} in {code.co_qualname}")
        traceback = traceback.tb_next
    return ", ".join(calls[-_CALLS:])
