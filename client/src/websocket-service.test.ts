/**
 * The drop-in as an app imports it: one service for the page, by name and as the default, that does nothing by itself.
 */
import { expect, test } from "vitest";
import byDefault, { createWebsocketService, websocketService } from "./websocket-service.ts";

test("the default export is the one service of the page, not connected before connect()", () => {
  expect(byDefault).toBe(websocketService);
  expect(websocketService.isConnected()).toBe(false);
  expect(websocketService.getSocket()).toBeNull();
});

test("it has every method that services of this shape have in the field", () => {
  const methods = [
    "connect",
    "disconnect",
    "isConnected",
    "getSocket",
    "pushUpdate",
    "pullFromServer",
    "addListener",
    "removeListener",
  ];
  for (const name of methods) {
    expect(typeof websocketService[name as keyof typeof websocketService], name).toBe("function");
  }
});

test("a service of one's own is another one", () => {
  expect(createWebsocketService({ url: "http://localhost:1" })).not.toBe(websocketService);
});
