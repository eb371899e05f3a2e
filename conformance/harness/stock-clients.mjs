/**
 * The stock clients that people have: `socket.io-client` as published, in the versions where its behaviour changed, over
 * every choice of transports. Nothing in them is replaced; they are only listened to.
 */

import { io as io48 } from "socket.io-client";
import { io as io40 } from "socket.io-client-4.0";
import { io as io45 } from "socket.io-client-4.5";
import { io as io46 } from "socket.io-client-4.6";

/** By version. */
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
