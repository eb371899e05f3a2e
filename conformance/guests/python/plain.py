"""A guest without any Socket.IO library: a WebSocket and the section "Below Socket.IO" of docs/protocol.md, nothing else."""

import itertools
import json
import queue
import re
import sys
import threading
import time
from contextlib import suppress

import websocket

from place import PAUSE_S, SOON_S, Place


class Guest:
    def __init__(self, place):
        self._place = place
        self._line = None
        self._numbers = itertools.count()
        self._answers = queue.Queue()

    def follow(self):
        """Connects again and again, each time from the last cursor on."""
        while True:
            # Whatever breaks, the next connection mends.
            with suppress(OSError, ValueError, websocket.WebSocketException):
                self._stay_connected()
            self._line = None
            self._place.say(event="disconnect")
            # A pause on purpose: as any client does before it tries again.
            time.sleep(PAUSE_S)

    def _stay_connected(self):
        address = self._place.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        line = websocket.create_connection(address, timeout=SOON_S, enable_multithread=True)
        opened = json.loads(line.recv()[1:])
        # Without a ping for interval and timeout together, the connection is dead.
        line.settimeout((opened["pingInterval"] + opened["pingTimeout"]) / 1_000)
        line.send("40" + json.dumps(self._place.auth()))
        self._line = line
        while message := line.recv():
            self._take(line, message)

    def _take(self, line, message):
        if message == "2":
            line.send("3")
        elif message.startswith("42"):
            name, *arguments = json.loads(message[2:])
            if handler := self._place.handlers().get(name):
                handler(*arguments)
        elif ack := re.fullmatch(r"43(\d+)(\[.*\])", message):
            self._answers.put((int(ack[1]), json.loads(ack[2])[0]))

    def push(self, change):
        """Asks until there is an answer, always with the same key."""
        while (answer := self._ask(change)) is None:
            # A pause on purpose: there is no connection now, or nobody answers on it.
            time.sleep(PAUSE_S)
        self._place.say(event="pushed", key=change["key"], answer=answer)

    def _ask(self, change):
        line, number = self._line, next(self._numbers)
        if line is None:
            return None
        self._place.say(event="pushing", key=change["key"])
        with suppress(OSError, queue.Empty, websocket.WebSocketException):
            line.send(f"42{number}" + json.dumps(["push", change]))
            return self._answer_to(number)

    def _answer_to(self, number):
        while True:
            answered, answer = self._answers.get(timeout=SOON_S)
            if answered == number:
                return answer


def main():
    guest = Guest(Place.told())
    threading.Thread(target=guest.follow, daemon=True).start()
    for line in sys.stdin:
        guest.push(json.loads(line))


main()
