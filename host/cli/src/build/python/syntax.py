"""Compiles a project's modules without running them, and prints the first error, as it does for the
name and the version in `pyproject.toml`.

Run with the project's directory. Exits with 1 after an error, or with 2 if it may come from syntax
that is newer than this Python.
"""

import ast
import re
import sys
from pathlib import Path

COMPONENT = (3, 14)
NEWER = ("invalid syntax", "f-string", "expected '('", "multiple exception types")

root = Path(sys.argv[1])
seen = set()


def files(module):
    """The files of a module of the project."""
    name = module.partition(".")[0]
    package = root / name
    if (package / "__init__.py").is_file():
        return sorted(package.rglob("*.py"))
    file = root / f"{name}.py"
    return [file] if file.is_file() else []


def check(module):
    for file in files(module):
        if file in seen:
            continue
        seen.add(file)
        tree = compile(
            file.read_bytes(), str(file.relative_to(root)), "exec", ast.PyCF_ONLY_AST, True
        )
        compile(tree, str(file.relative_to(root)), "exec", 0, True)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    check(alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                check(node.module)


def mistake():
    """Say what is wrong in `pyproject.toml`; Python has a reader of TOML from 3.11 on."""
    try:
        import tomllib
    except ImportError:
        return None
    file = root / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text("utf-8") if file.is_file() else "").get("project", {})
    except ValueError as error:
        return f"pyproject.toml: {error}"
    rules = {
        "name": (r"[A-Za-z0-9_-]+", "letters, digits, `-` and `_`"),
        "version": (r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?", "three numbers such as `1.0.0`"),
    }
    for key, (rule, expected) in rules.items():
        value = project.get(key)
        if value is not None and not re.fullmatch(rule, str(value)):
            return f"pyproject.toml: invalid {key} `{value}`: expected {expected}"
    return None


found = mistake()
if found:
    print(found)
    sys.exit(1)
try:
    check("app")
except SyntaxError as error:
    print(f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}")
    newer = sys.version_info < COMPONENT and any(text in error.msg for text in NEWER)
    sys.exit(2 if newer else 1)
