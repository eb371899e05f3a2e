//! Engine.IO 4, Socket.IO 5 and WebSocket framing: codecs and session state machines, pure.
