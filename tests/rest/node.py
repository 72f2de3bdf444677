"""A node to run tests against: started in a directory of its own, and emptied between tests."""

import http.client
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from api import Request
from steps import Answer

# In seconds; an answer takes milliseconds.
TIMEOUT = 30


class Broken(Exception):
    """The node closed a connection without an answer, or did not answer in time."""


class Node:
    def __init__(self, whittle: Path):
        self.whittle = whittle
        self.directory = tempfile.TemporaryDirectory()
        self.log = open(Path(self.directory.name, "log"), "wb")
        self.start()

    def start(self):
        data = Path(self.directory.name, "data")
        command = [self.whittle, "serve", "--data", data, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("rest: the node does not start:\n" + self.log_text())
        self.address = line.split()[-1].removeprefix("http://").rstrip("/")
        self.connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT)

    def send(self, request: Request, headers: dict | None = None) -> Answer:
        kind = {} if request.content_type is None else {"Content-Type": request.content_type}
        try:
            self.connection.request(request.method, request.target, request.body, kind | (headers or {}))
            response = self.connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (http.client.HTTPException, OSError) as error:
            self.connection.close()
            raise Broken(f"{request} had no answer: {error or type(error).__name__}") from error

    def empty(self):
        """Deletes all indexes. A node that ended is started again."""
        if self.process.poll() is not None:
            self.start()
        # What a test did to its connection is no other test's matter.
        self.connection.close()
        indexes = self.send(Request("GET", "/_cat/indices?format=json", None, None)).body
        for index in indexes:
            deleted = self.send(Request("DELETE", "/" + quote(index["index"]), None, None))
            if deleted.status != 200:
                raise SystemExit(f"rest: index {index['index']} cannot be deleted: {deleted}")

    def log_text(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text(errors="replace")

    def stop(self) -> int:
        """Ends the node, and returns its exit status."""
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        self.directory.cleanup()
        return status
