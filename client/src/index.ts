/** The package `tidings`: the factory and every public type. */
export type {
  ConnectionState,
  EventName,
  FailedEvent,
  Listener,
  PendingEntry,
  PendingProgress,
  ServiceEvents,
  TopicState,
  WebsocketService,
} from "./api.ts";
export type {
  Clock,
  FetchLike,
  LocksLike,
  ServiceOptions,
  StorageChange,
  StorageLike,
  Surroundings,
} from "./environment.ts";
export { isRetryable, TidingsError } from "./errors.ts";
export { createWebsocketService } from "./service.ts";
export type { Down, SocketFactory, SocketHandlers, SocketPort, SocketTarget } from "./socket-port.ts";
export type {
  Action,
  Item,
  ItemId,
  Json,
  JsonObject,
  Presence,
  PublicUser,
  PushAck,
  PushRequest,
  SyncState,
  SyncUpdate,
} from "./wire-types.ts";
