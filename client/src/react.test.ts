// @vitest-environment jsdom
/** The hooks, in React itself: they show what is, render again when it changes, and only then. */
import { act, createElement, type FunctionComponent } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "../test/page.ts";
import type { WebsocketService } from "./api.ts";
import { useConnection, useDocument, usePending, usePresence, useTopic } from "./react.ts";

const unmounts: (() => void)[] = [];

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

afterEach(() => {
  for (const unmount of unmounts.splice(0)) act(unmount);
});

/** Renders a component that shows what the hook returns; each rendering is one line. */
function watch(read: () => unknown): { readonly renderings: string[]; readonly element: HTMLElement } {
  const renderings: string[] = [];
  const Watcher: FunctionComponent = () => {
    const text = JSON.stringify(read());
    renderings.push(text);
    return text;
  };
  const element = document.createElement("div");
  const root = createRoot(element);
  act(() => root.render(createElement(Watcher)));
  unmounts.push(() => root.unmount());
  return { renderings, element };
}

async function openWorld(): Promise<{ world: World; service: WebsocketService }> {
  const world = new World();
  world.logIn("ada");
  const { service } = await world.open();
  return { world, service };
}

test("useTopic follows its list, and does not render for another topic", async () => {
  const { world, service } = await openWorld();
  const { renderings } = watch(() => useTopic<{ id: number }>(service, "chatMessages").map(({ id }) => id));
  act(() => void world.server.write("chatMessages", "add", { id: 1 }));
  act(() => void world.server.write("other", "add", { id: 9 }));
  act(() => void world.server.write("chatMessages", "add", { id: 2 }));
  expect(renderings).toEqual(["[]", "[1]", "[1,2]"]);
});

test("useDocument follows its document, null before there is one", async () => {
  const { world, service } = await openWorld();
  const { renderings } = watch(() => useDocument<{ title: string }>(service, "siteContent"));
  act(() => void world.server.write("siteContent", "update", { title: "Hello" }));
  expect(renderings).toEqual(["null", '{"title":"Hello"}']);
});

test("useConnection, usePending and usePresence follow theirs", async () => {
  const { world, service } = await openWorld();
  const connection = watch(() => useConnection(service).phase);
  const pending = watch(() => usePending(service).map(({ state }) => state));
  const presence = watch(() => usePresence(service)?.clients ?? null);
  const [socket] = world.server.live;
  expect(socket?.sent).toEqual([["signal", { kind: "watch-presence" }]]);
  act(() => socket?.signal({ kind: "presence", clients: 2, online: [] }));
  act(() => world.server.goDown());
  act(() => void service.pushUpdate({ type: "chatMessages", action: "add", data: { id: 1 } }).catch(() => {}));
  expect(connection.element.textContent).toBe('"offline"');
  expect(pending.element.textContent).toBe('["waiting"]');
  expect(presence.renderings).toEqual(["null", "2", "null"]);
});

test("an unmounted component hears nothing more", async () => {
  const { world, service } = await openWorld();
  const { renderings } = watch(() => useTopic(service, "chatMessages").length);
  for (const unmount of unmounts.splice(0)) act(unmount);
  world.server.write("chatMessages", "add", { id: 1 });
  expect(renderings).toEqual(["0"]);
});

test("a page rendered on a server shows nothing yet", async () => {
  const { world, service } = await openWorld();
  world.server.write("chatMessages", "add", { id: 1 });
  const Page: FunctionComponent = () =>
    JSON.stringify([
      useTopic(service, "chatMessages"),
      useConnection(service),
      usePending(service),
      usePresence(service),
    ]);
  expect(renderToString(createElement(Page)).replaceAll("&quot;", '"')).toBe('[[],{"phase":"idle"},[],null]');
});
