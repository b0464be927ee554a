"""A fake Slack for tests and for trying the product: real HTTP, real WebSockets, Slack's moods."""

from tests.servers.slack.delivering import Ack, Delivery
from tests.servers.slack.moods import Moods, Rules
from tests.servers.slack.rooms import Message
from tests.servers.slack.server import FakeSlack

__all__ = ["Ack", "Delivery", "FakeSlack", "Message", "Moods", "Rules"]
