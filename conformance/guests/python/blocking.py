"""A guest with python-socketio's blocking `Client`: one client for each connection, and every push until it is acked."""

import json
import sys
import threading
import time
from contextlib import suppress

import engineio
import requests
import socketio

from place import PAUSE_S, SOON_S, Place


class ReadingThread(engineio.Client):
    """Runs the handlers where it reads. The library gives each packet a thread of its own, and these overtake each other."""

    def start_background_task(self, target, *args, **kwargs):
        if target == self.handlers.get("message"):
            return target(*args, **kwargs)
        return super().start_background_task(target, *args, **kwargs)


class WholeAnswers(requests.Session):
    """Refuses what is left of an answer whose head was cut off. Python takes the lines that came for a whole head, the body for
    an empty one, and the library would poll on, behind the entries that it never got. No answer of the server is empty.
    """

    def request(self, *arguments, **options):
        answer = super().request(*arguments, **options)
        if not answer.content:
            raise requests.exceptions.ConnectionError("an answer was cut off in its head")
        return answer


class WholeAndInOrder(socketio.Client):
    def __init__(self, **options):
        super().__init__(http_session=WholeAnswers, **options)

    def _engineio_client_class(self):
        return ReadingThread


class Guest:
    def __init__(self, place):
        self._place = place
        self._client = None

    def follow(self):
        """Connects again and again, each time from the last cursor on."""
        while True:
            client = WholeAndInOrder(reconnection=False, request_timeout=SOON_S)
            for name, handler in self._place.handlers().items():
                client.on(name, handler)
            # Whatever breaks, the next connection mends; the library lets all kinds of exceptions out.
            with suppress(Exception):
                self._stay_connected(client)
            self._client = None
            with suppress(Exception):
                client.disconnect()
            self._place.say(event="disconnect")
            # A pause on purpose: as any client does before it tries again.
            time.sleep(PAUSE_S)

    def _stay_connected(self, client):
        place = self._place
        client.connect(place.url, transports=place.transports, auth=place.auth, wait_timeout=SOON_S)
        self._client = client
        # As `client.wait()`, which then waits another second for a reconnection that will not be.
        client.eio.wait()

    def push(self, change):
        """Asks until there is an answer, always with the same key."""
        while (answer := self._ask(change)) is None:
            # A pause on purpose: there is no connection now, or nobody answers on it.
            time.sleep(PAUSE_S)
        self._place.say(event="pushed", key=change["key"], answer=answer)

    def _ask(self, change):
        client = self._client
        if client is None:
            return None
        self._place.say(event="pushing", key=change["key"])
        with suppress(socketio.exceptions.SocketIOError):
            return client.call("push", change, timeout=SOON_S)


def main():
    guest = Guest(Place.told())
    threading.Thread(target=guest.follow, daemon=True).start()
    for line in sys.stdin:
        guest.push(json.loads(line))


main()
