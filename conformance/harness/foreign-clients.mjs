/** The guests in other languages: what `scripts/install-guests.sh` installs and `scripts/build-guests.sh` builds. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TRANSPORTS } from "./stock-clients.mjs";

const GUESTS = fileURLToPath(new URL("../guests", import.meta.url));

/** The Python that has their packages. */
export const PYTHON = `${GUESTS}/python/.venv/bin/python`;

/** Each client's command, and the transports that it has. */
export const FOREIGN = {
  "python-socketio, Client": { command: python("blocking.py"), ways: TRANSPORTS },
  "python-socketio, AsyncClient": { command: python("awaiting.py"), ways: TRANSPORTS },
  rust_socketio: { command: [`${GUESTS}/rust/target/debug/guest`], ways: TRANSPORTS },
  "no library": { command: python("plain.py"), ways: { "websocket only": ["websocket"] } },
};

function python(program) {
  return [PYTHON, `${GUESTS}/python/${program}`];
}

/** Fails, and says how to get it, when a guest is missing. */
export function allAreThere() {
  for (const { command } of Object.values(FOREIGN)) {
    const how = command[0] === PYTHON ? "scripts/install-guests.sh" : "scripts/build-guests.sh";
    if (!existsSync(command[0])) throw new Error(`${command[0]} is not there. Get it with: ${how}`);
  }
}
