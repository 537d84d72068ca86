import json

import pytest

from billing import Billing


@pytest.fixture
def billing(kafka):
    for topic in ["orders", "invoices"]:
        kafka.call("POST", "/topics", {"name": topic})
    app = Billing(kafka.bootstrap_servers)
    yield app
    app.stop()


def test_bills_each_order(kafka, billing):
    kafka.call("POST", "/topics/orders/messages", {"value": {"id": 7, "price": 5, "count": 3}})
    [invoice] = kafka.call("POST", "/wait/messages", {"topic": "invoices", "timeout": "20s"})
    assert json.loads(invoice["value"]) == {"order": 7, "total": 15}
    kafka.call("POST", "/wait/lag", {"group": "billing"})


def test_bills_though_the_leader_is_away_for_a_moment(kafka, billing):
    rule = {"on": "Produce", "topic": "invoices", "reply": "NOT_LEADER_OR_FOLLOWER", "times": 2}
    fault = kafka.call("POST", "/faults", rule)
    kafka.call("POST", "/topics/orders/messages", {"value": {"id": 8, "price": 1, "count": 1}})
    kafka.call("POST", "/wait/messages", {"topic": "invoices", "timeout": "20s"})
    assert kafka.call("GET", f"/faults/{fault['id']}")["fired"] == 2
