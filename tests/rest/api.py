"""The API specifications of OpenSearch: from a call by name with parameters to an HTTP request."""

import json
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

# Parameters that every API takes (`_common.json` lists those of the answer's form).
OF_THE_RUNNER = {"ignore"}


class BadParameter(Exception):
    """A call that a client refuses before it sends anything: `catch: param`."""


class Request(NamedTuple):
    method: str
    target: str
    body: bytes | None
    content_type: str | None

    def __str__(self):
        body = "" if self.body is None else " " + self.body.decode(errors="replace").replace("\n", "\\n")
        return f"{self.method} {self.target}{body}"


class Apis:
    """All specifications of a directory, by name."""

    def __init__(self, directory: Path):
        self.common = json.loads((directory / "_common.json").read_text())["params"].keys()
        self.by_name = {}
        for file in directory.glob("*.json"):
            if not file.name.startswith("_"):
                self.by_name |= json.loads(file.read_text())

    def request(self, name: str, arguments: dict, body) -> Request:
        """The request of a call. GET requests with a body are sent as POST, if the API has both."""
        if name not in self.by_name:
            raise BadParameter(f"unknown API `{name}`")
        api = self.by_name[name]
        known = api.get("params", {}).keys() | self.common | OF_THE_RUNNER
        parts = {part for path in api["url"]["paths"] for part in path.get("parts", {})}
        for parameter in arguments.keys() - known - parts:
            raise BadParameter(f"unknown parameter `{parameter}` of `{name}`")
        # As clients do, an empty list of indexes is as good as none.
        arguments = {key: value for key, value in arguments.items() if key not in parts or value not in ("", [], None)}
        path = best_path(name, api["url"]["paths"], parts & arguments.keys())
        methods = path["methods"]
        method = "POST" if body is not None and "POST" in methods and "GET" in methods else methods[0]
        target = path["path"]
        for part in path.get("parts", {}):
            target = target.replace("{" + part + "}", quote(text(arguments[part]), safe=",*"))
        query = {
            key: text(value)
            for key, value in arguments.items()
            if key not in path.get("parts", {}) and key not in OF_THE_RUNNER
        }
        if query:
            target += "?" + urlencode(query, quote_via=quote)
        several = api.get("body", {}).get("serialize") == "bulk"
        return Request(method, target, *serialize(body, several))

    def probes(self, name: str) -> list[Request]:
        """A request of each path and method of an API, with `x` for all parts."""
        requests = []
        for path in self.by_name[name]["url"]["paths"]:
            target = path["path"]
            for part in path.get("parts", {}):
                target = target.replace("{" + part + "}", "x")
            requests += [Request(method, target, None, None) for method in path["methods"]]
        return requests


def best_path(name: str, paths: list, given: set) -> dict:
    """The path with the most parts among those whose parts are all given."""
    fitting = [path for path in paths if path.get("parts", {}).keys() <= given and "deprecated" not in path]
    if not fitting:
        raise BadParameter(f"`{name}` lacks a part of its path: {sorted(given)} are given")
    return max(fitting, key=lambda path: len(path.get("parts", {})))


def text(value) -> str:
    """A value as a part of an address."""
    if isinstance(value, list):
        return ",".join(map(text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def serialize(body, several: bool) -> tuple[bytes | None, str | None]:
    """A body and its content type: JSON, or a JSON value a line where the API takes several."""
    if body is None:
        return None, None
    if isinstance(body, str):
        body = values(body)
        if isinstance(body, list) and not several and len(body) == 1:
            body = body[0]
    if not several:
        content = body if isinstance(body, str) else dump(body)
        return content.encode(), "application/json"
    lines = body if isinstance(body, list) else [body]
    content = "".join((line.strip("\n") if isinstance(line, str) else dump(line)) + "\n" for line in lines)
    return content.encode(), "application/x-ndjson"


def dump(value) -> str:
    return json.dumps(value, ensure_ascii=False)


def values(content: str) -> list | str:
    """The JSON values that stand one after the other in a string; the string if it is not JSON."""
    found, at, decoder = [], 0, json.JSONDecoder()
    content = content.strip()
    try:
        while at < len(content):
            value, end = decoder.raw_decode(content, at)
            found.append(value)
            at = end + len(content[end:]) - len(content[end:].lstrip())
    except ValueError:
        return content
    return found
