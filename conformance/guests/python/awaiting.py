"""A guest with python-socketio's `AsyncClient`: one client for each connection, and every push until it is acked."""

import asyncio
import json
import sys
from contextlib import suppress

import socketio

from place import PAUSE_S, SOON_S, Place

# The library has no limit of its own on the wait for a WebSocket's first message, in seconds: connecting takes several steps,
# each of which is over soon or never.
SETTLED_S = 2 * SOON_S


class Guest:
    def __init__(self, place):
        self._place = place
        self._client = None

    async def follow(self):
        """Connects again and again, each time from the last cursor on."""
        while True:
            client = socketio.AsyncClient(reconnection=False, request_timeout=SOON_S)
            # The handlers are plain functions on purpose: each is done before the next event's begins.
            for name, handler in self._place.handlers().items():
                client.on(name, handler)
            # Whatever breaks, the next connection mends; the library lets all kinds of exceptions out.
            with suppress(Exception):
                await self._stay_connected(client)
            self._client = None
            with suppress(Exception):
                await asyncio.wait_for(client.disconnect(), SETTLED_S)
            self._place.say(event="disconnect")
            # A pause on purpose: as any client does before it tries again.
            await asyncio.sleep(PAUSE_S)

    async def _stay_connected(self, client):
        place = self._place
        connecting = client.connect(place.url, transports=place.transports, auth=place.auth, wait_timeout=SOON_S)
        await asyncio.wait_for(connecting, SETTLED_S)
        self._client = client
        # As `client.wait()`, which then waits another second for a reconnection that will not be.
        await client.eio.wait()

    async def push(self, change):
        """Asks until there is an answer, always with the same key."""
        while (answer := await self._ask(change)) is None:
            # A pause on purpose: there is no connection now, or nobody answers on it.
            await asyncio.sleep(PAUSE_S)
        self._place.say(event="pushed", key=change["key"], answer=answer)

    async def _ask(self, change):
        client = self._client
        if client is None:
            return None
        self._place.say(event="pushing", key=change["key"])
        with suppress(socketio.exceptions.SocketIOError):
            return await client.call("push", change, timeout=SOON_S)


async def main():
    guest = Guest(Place.told())
    following = asyncio.create_task(guest.follow())
    while line := await asyncio.to_thread(sys.stdin.readline):
        await guest.push(json.loads(line))
    following.cancel()


asyncio.run(main())
