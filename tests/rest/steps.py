"""The steps of a test, run against a node: calls, assertions, and values that are kept between them."""

import base64
import json
import re
import warnings

import yaml

from api import Apis, BadParameter, Request
from suite import Loader, in_range

STATUS = {
    "bad_request": [400],
    "unauthorized": [401],
    "forbidden": [403],
    "missing": [404],
    "request_timeout": [408],
    "conflict": [409],
    "unavailable": [503],
}
STATUS["request"] = [status for status in range(400, 600) if [status] not in STATUS.values()]


class Failure(Exception):
    """A step that failed. `refusal` is the text of an answer that refused the request; `path` is that of
    a value that is not as expected; `words` is set if an error came as expected with another text."""

    def __init__(self, message: str, refusal: str | None = None, path: str = "", words: bool = False):
        super().__init__(message)
        self.refusal, self.path, self.words = refusal, path, words


class Steps:
    """What is kept between the steps of one test."""

    def __init__(self, node, apis: Apis):
        self.node, self.apis = node, apis
        self.kept = {}
        self.request: Request | None = None
        self.answer = None
        # Errors of single items in answers to bulk, msearch and mget.
        self.item_errors: list[str] = []

    def run(self, steps: list):
        for step in steps:
            for operation, arguments in step.items():
                try:
                    getattr(self, "step_" + operation)(arguments)
                except Failure as failure:
                    if failure.refusal is None:
                        failure.refusal = self.refusal()
                    raise

    def refusal(self) -> str | None:
        """What was refused before a value was not as expected: all of the last request, or an item."""
        if self.answer is not None and 400 <= self.answer.status < 500:
            return self.answer.reason()
        return self.item_errors[0] if self.item_errors else None

    def step_skip(self, _):
        """Was obeyed when the file was read."""

    def step_do(self, call: dict):
        call = dict(call)
        catch = call.pop("catch", None)
        headers = self.filled(call.pop("headers", None) or {})
        expected = call.pop("warnings", [])
        allowed = expected + call.pop("allowed_warnings", [])
        patterns = call.pop("warnings_regex", [])
        allowed_patterns = patterns + call.pop("allowed_warnings_regex", [])
        version = call.pop("node_selector", {}).get("version")
        if version is not None and not in_range(version):
            raise Failure(f"no node has version {version}")
        # One test has two calls in a step; to OpenSearch's runner the last counts.
        name, arguments = list(call.items())[-1]
        arguments = self.filled(arguments or {})
        body = arguments.pop("body", None)
        try:
            self.request = self.apis.request(name, arguments, body)
        except BadParameter as error:
            if catch == "param":
                return
            raise Failure(f"the client refuses the call: {error}") from error
        if catch == "param":
            raise Failure(f"the client should refuse the call: {self.request}")
        self.answer = self.node.send(self.request, headers)
        self.kept["body"] = self.answer.body
        self.note_item_errors()
        ignored = arguments.get("ignore", [])
        ignored = {int(status) for status in (ignored if isinstance(ignored, list) else [ignored])}
        self.check_status(catch, ignored)
        self.check_warnings(expected, allowed, patterns, allowed_patterns)

    def check_status(self, catch: str | None, ignored: set):
        status = self.answer.status
        # A missing document is an answer to HEAD, as `exists` wants it.
        failed = status >= 400 and status not in ignored and not (self.request.method == "HEAD" and status == 404)
        if catch is None:
            if failed:
                raise self.refused("a request failed")
        elif status < 400:
            raise Failure(f"expected an error ({catch}), but the request succeeded: {self}")
        elif catch.startswith("/"):
            error = self.answer.body.get("error") if isinstance(self.answer.body, dict) else self.answer.body
            if not matches(catch[1:-1], java_text(error)):
                failure = self.refused(f"expected an error like {catch}")
                failure.words = status < 500 and not self.answer.lacks_the_route()
                raise failure
        elif status not in STATUS[catch]:
            raise self.refused(f"expected the error `{catch}`")

    def check_warnings(self, expected, allowed, patterns, allowed_patterns):
        given = self.answer.warnings
        for warning in given:
            if warning not in allowed and not any(matches(pattern, warning) for pattern in allowed_patterns):
                raise Failure(f"unexpected warning `{warning}`: {self}")
        for warning in expected:
            if warning not in given:
                raise Failure(f"the warning `{warning}` is missing: {self}")
        for pattern in patterns:
            if not any(matches(pattern, warning) for warning in given):
                raise Failure(f"a warning like `{pattern}` is missing: {self}")

    def refused(self, message: str) -> Failure:
        return Failure(f"{message}: {self}", self.refusal())

    def note_item_errors(self):
        body = self.answer.body
        if not isinstance(body, dict):
            return
        items = [item for items in body.get("items") or [] for item in items.values() if isinstance(items, dict)]
        for item in items + (body.get("responses") or []) + (body.get("docs") or []):
            if isinstance(item, dict) and "error" in item and item.get("status", 400) < 500:
                error = item["error"]
                self.item_errors.append(error.get("reason", "") if isinstance(error, dict) else str(error))

    def step_set(self, paths: dict):
        for path, name in paths.items():
            self.kept[name] = self.value(path)

    def step_transform_and_set(self, names: dict):
        for name, transformation in names.items():
            fields = re.fullmatch(r"#base64EncodeCredentials\((.*),(.*)\)", transformation)
            if fields is None:
                self.kept[name] = transformation
                continue
            credentials = ":".join(str(self.value(field.strip())) for field in fields.groups())
            self.kept[name] = base64.b64encode(credentials.encode()).decode()

    def step_is_true(self, path: str):
        if falsy(self.value(path)):
            raise self.differs(path, "something true", self.value(path))

    def step_is_false(self, path: str):
        if not falsy(self.value(path)):
            raise self.differs(path, "nothing, or something false", self.value(path))

    def step_match(self, paths: dict):
        for path, expected in paths.items():
            expected, found = self.filled(expected), self.value(path)
            if isinstance(expected, str) and re.fullmatch(r"\s*/.*/\s*", expected, re.DOTALL):
                pattern = expected.strip()[1:-1]
                if not isinstance(found, str) or not matches(pattern, found, re.VERBOSE):
                    raise self.differs(path, expected, found)
            elif not same(expected, found, outermost=True):
                raise self.differs(path, expected, found)

    def step_length(self, paths: dict):
        for path, expected in paths.items():
            found = self.value(path)
            if not isinstance(found, (str, list, dict)) or len(found) != int(self.filled(expected)):
                raise self.differs(path, f"{expected} items", found)

    def step_contains(self, paths: dict):
        for path, expected in paths.items():
            expected, found = self.filled(expected), self.value(path)
            if isinstance(expected, dict) and isinstance(found, list):
                fits = any(
                    isinstance(item, dict) and all(same(value, item.get(key)) for key, value in expected.items())
                    for item in found
                )
            else:
                fits = isinstance(found, (str, list)) and expected in found
            if not fits:
                raise self.differs(path, f"something with {expected!r}", found)

    def step_lt(self, paths: dict):
        self.compare(paths, "less than", lambda found, limit: found < limit)

    def step_lte(self, paths: dict):
        self.compare(paths, "at most", lambda found, limit: found <= limit)

    def step_gt(self, paths: dict):
        self.compare(paths, "more than", lambda found, limit: found > limit)

    def step_gte(self, paths: dict):
        self.compare(paths, "at least", lambda found, limit: found >= limit)

    def compare(self, paths: dict, words: str, fits):
        for path, limit in paths.items():
            limit, found = self.filled(limit), self.value(path)
            try:
                good = fits(found, limit)
            except TypeError:
                good = False
            if not good:
                raise self.differs(path, f"{words} {limit}", found)

    def differs(self, path: str, expected, found) -> Failure:
        words = path.endswith("reason") and isinstance(expected, str) and isinstance(found, str)
        return Failure(f"`{path}` should be {shown(expected)}, but is {shown(found)}: {self}", path=path, words=words)

    def value(self, path: str):
        """What stands at a path of the last answer, or a kept value by its name."""
        path = "" if path is None else str(path)
        if path == "$body":
            return self.answer.body
        if path == "" and self.request.method == "HEAD":
            return self.answer.status < 400
        if path.startswith("$") and path[1:] in self.kept:
            return self.kept[path[1:]]
        found = self.answer.body
        for key in re.split(r"(?<!\\)\.", path) if path else []:
            key = self.filled(key.replace("\\.", "."))
            if isinstance(found, list):
                index = int(key) if re.fullmatch(r"\d+", str(key)) else len(found)
                found = found[index] if index < len(found) else None
            elif isinstance(found, dict):
                found = next(iter(found), None) if key == "_arbitrary_key_" else found.get(str(key))
            else:
                return None
        return found

    def filled(self, value):
        """A value with kept values in place of their names."""
        if isinstance(value, dict):
            return {self.filled(key): self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if not isinstance(value, str):
            return value
        if value.startswith("$") and value[1:].strip("{}") in self.kept:
            return self.kept[value[1:].strip("{}")]
        return re.sub(r"\$\{(\w+)\}", lambda name: str(self.kept.get(name[1], name[0])), value)

    def __str__(self):
        return f"{self.request} answered {self.answer}"


class Answer:
    """An answer: its status, and its body as JSON, as YAML, or else as a string."""

    def __init__(self, status: int, headers, content: bytes):
        self.status = status
        kind = headers.get("Content-Type", "")
        body = content.decode(errors="replace")
        if "json" in kind and body:
            self.body = json.loads(body)
        elif "yaml" in kind:
            self.body = yaml.load(body, Loader)
        else:
            self.body = body
        quoted = (re.search(r'"(.*)"', warning) for warning in headers.get_all("Warning") or [])
        self.warnings = [warning[1] for warning in quoted if warning]

    def lacks_the_route(self) -> bool:
        return self.status == 405 or "no handler found" in self.reason()

    def reason(self) -> str:
        """The text of an error, with its causes'."""
        if not isinstance(self.body, dict):
            return str(self.body)
        error = self.body.get("error", self.body)
        if not isinstance(error, dict):
            return str(error)
        reasons = []
        while isinstance(error, dict):
            reasons.append(str(error.get("reason")))
            error = error.get("caused_by")
        return ": ".join(reasons)

    def __str__(self):
        return f"{self.status} {shown(self.body)}"


def falsy(value) -> bool:
    return value is None or str(value).lower() in ("", "false", "0")


def same(expected, found, outermost=False) -> bool:
    """Whether two values are equal. Inside of others, 1 and 1.0 differ, as they do to Java's runner."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(same(expected[key], found[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    numbers = {int, float}
    if outermost and {type(expected), type(found)} <= numbers:
        return expected == found
    return type(expected) is type(found) and expected == found


def matches(pattern: str, value: str, flags=0) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.search(pattern, value, flags) is not None


def java_text(value) -> str:
    """A value as Java prints it, since regular expressions of errors are written for that."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={java_text(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(java_text, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def shown(value) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    written = written.replace("\n", "\\n")
    return written if len(written) <= 600 else written[:600] + "..."
