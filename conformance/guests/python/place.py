"""What both Python guests have in common: the lines that they exchange with the harness, as conformance/harness/guest.mjs
says, and the one thing that an application must keep, the cursor of what it has dealt with.
"""

import json
import sys
import threading

from engineio.payload import Payload

# The library refuses an answer to a poll that has more packets than these, 16 unless somebody says otherwise, and breaks the
# connection off. Who has missed 16 entries would never catch up; no answer of the server has so many packets as these.
Payload.max_decode_packets = 100_000

# A line that is lost is noticed and given up after so long, in seconds; also a push that is not acked.
SOON_S = 3

# Between two attempts to connect, or to push, in seconds.
PAUSE_S = 0.05


class Place:
    """Where this guest stands: whom it follows, and how far it has come."""

    def __init__(self, url, token, topic, transports=None):
        self.url = url
        self.transports = transports
        self._auth = {"token": token, "topics": [topic]}
        self._cursor = None
        self._stdout = threading.Lock()

    @staticmethod
    def told():
        """The place that the harness tells on the first line."""
        return Place(**json.loads(sys.stdin.readline()))

    def auth(self):
        """What the next connection says: never a cursor of something that was not dealt with."""
        self.say(event="connecting", cursor=self._cursor)
        return {**self._auth, **({"cursor": self._cursor} if self._cursor else {})}

    def connected(self, hello, cursor):
        self._take(cursor, event="connected", resumed=hello["resumed"])

    def sync_update(self, update, cursor):
        self._take(cursor, event="sync_update", update=update)

    def mark(self, cursor):
        self._take(cursor, event="mark")

    def reset(self, told, cursor):
        self._take(cursor, event="reset", reason=told["reason"])

    def _take(self, cursor, **line):
        """Deals with an event, and only then keeps its cursor."""
        self.say(**line, cursor=cursor)
        self._cursor = cursor

    def handlers(self):
        """The events of the server, by name."""
        return {name: getattr(self, name) for name in ("connected", "sync_update", "mark", "reset")}

    def say(self, **line):
        with self._stdout:
            print(json.dumps(line), flush=True)
