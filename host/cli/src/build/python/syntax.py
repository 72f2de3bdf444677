"""Compiles a project's modules without running them, and prints the first error.

Run with the project's directory. Exits with 1 after an error, or with 2 if it may come from syntax
that is newer than this Python.
"""

import ast
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


try:
    check("app")
except SyntaxError as error:
    print(f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}")
    newer = sys.version_info < COMPONENT and any(text in error.msg for text in NEWER)
    sys.exit(2 if newer else 1)
