"""A broker for all tests, started with `ottla start`, and as new before each of them. Needs the package `ottla` of npm."""

import json
import subprocess
import urllib.request

import pytest


class Broker:
    """The control port: docs/control-port.md of ottla has all that it can do."""

    def __init__(self, bootstrap_servers, url):
        self.bootstrap_servers = bootstrap_servers
        self.url = url

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            pytest.fail(json.loads(error.read())["detail"], pytrace=False)


@pytest.fixture(scope="session")
def broker():
    command = ["npx", "ottla", "start", "--memory", "--host", "127.0.0.1", "--port", "0", "--control-port", "0"]
    # It ends when its standard input is closed: also when the tests are killed.
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ready = process.stdout.readline().split()
    control = process.stdout.readline().split()
    assert ready[0] == "ready" and control[0] == "control"
    yield Broker(ready[1], control[1])
    process.stdin.close()
    process.wait()


@pytest.fixture
def kafka(broker):
    broker.call("POST", "/reset", {})
    yield broker
    left = broker.call("GET", "/leftovers")
    assert left["leaks"] == [], left["leaks"]
