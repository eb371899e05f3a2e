/**
 * The stock clients that people have: `socket.io-client` as published, each minor version since 4.0, over every choice of
 * transports. Nothing in them is replaced; they are only listened to.
 */

import { io as io48 } from "socket.io-client";
import { io as io40 } from "socket.io-client-4.0";
import { io as io41 } from "socket.io-client-4.1";
import { io as io42 } from "socket.io-client-4.2";
import { io as io43 } from "socket.io-client-4.3";
import { io as io44 } from "socket.io-client-4.4";
import { io as io45 } from "socket.io-client-4.5";
import { io as io46 } from "socket.io-client-4.6";
import { io as io47 } from "socket.io-client-4.7";

/** Every minor version. */
export const MINORS = {
  "4.0": io40,
  4.1: io41,
  4.2: io42,
  4.3: io43,
  4.4: io44,
  4.5: io45,
  4.6: io46,
  4.7: io47,
  4.8: io48,
};

/** Of those, the ones that keep `pid` and offset by themselves. */
export const RESUMING_MINORS = ["4.6", "4.7", "4.8"];

/** Those in which its behaviour changed, for tests that take long. */
export const CLIENTS = { "4.0": io40, 4.5: io45, 4.6: io46, 4.8: io48 };

/** Those that keep `pid` and offset by themselves. */
export const RESUMING = ["4.6", "4.8"];

/** Those whose page must keep the cursor. */
export const OLDER = ["4.0", "4.5"];

/** By name; the first is the default of the client. */
export const TRANSPORTS = {
  "polling then websocket": undefined,
  "websocket only": ["websocket"],
  "polling only": ["polling"],
};

/** Reconnects fast, so that tests are short; everything else as it comes. */
export const EAGER = { reconnectionDelay: 30, reconnectionDelayMax: 200 };

/**
 * A client that loses its line after the WebSocket's handshake and before Engine.IO's is told nothing but `close`, for which
 * its manager does not listen yet: it tries again only after its `timeout`, which is 20 s when nobody says otherwise.
 */
export const SOON_TIRED = { timeout: 1_500 };
