/**
 * The drop-in: one service for the whole page, as the default export and by name. It finds its server by itself and
 * reads its token from `localStorage.authToken`; nothing happens before `connect()`.
 */
import type { WebsocketService } from "./api.ts";
import { createWebsocketService } from "./service.ts";

export * from "./index.ts";

export const websocketService: WebsocketService = createWebsocketService();

export default websocketService;
