/** The calls to `/api/auth`: what is sent, and that every failure is a sentence that says what to do. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { enter, leave } from "./auth-api";

const fetching = vi.spyOn(globalThis, "fetch");
afterEach(() => void fetching.mockReset());

const answers = (status: number, body: unknown) =>
  fetching.mockResolvedValue(new Response(typeof body === "string" ? body : JSON.stringify(body), { status }));
const asGuest = () => enter({ door: "guest", name: "Ann" });

test("a guest is in with a name", async () => {
  answers(200, { token: "t", user: { id: 5, name: "Ann", role: "member" } });
  expect(await asGuest()).toEqual({
    ok: true,
    session: { token: "t", user: { id: "5", name: "Ann", role: "member" } },
  });
  expect(fetching.mock.calls[0]?.[0]).toBe("/api/auth/guest");
  expect(JSON.parse(String(fetching.mock.calls[0]?.[1]?.body))).toEqual({ name: "Ann" });
});

test("the set-up secret goes in the body, never in the address", async () => {
  answers(200, { token: "t", user: { id: "1", name: "Ann" } });
  await enter({ door: "setup", secret: "s3cret", name: "Ann", email: "a@b.example", password: "long enough" });
  expect(String(fetching.mock.calls[0]?.[0])).not.toContain("s3cret");
  expect(String(fetching.mock.calls[0]?.[1]?.body)).toContain("s3cret");
});

describe("failures are sentences that say what to do", () => {
  test("the server's own sentence is shown", async () => {
    answers(403, { error: "This server takes no guests. Sign in.", code: "guests_refused" });
    expect(await asGuest()).toEqual({ ok: false, why: "refused", message: "This server takes no guests. Sign in." });
  });

  test.each([
    [401, { error: "unauthorized" }, "wrong", /email and password/],
    [429, "<html>", "wrong", /Wait a minute/],
    [503, {}, "wrong", /Try again/],
    [418, {}, "wrong", /418/],
    [502, "Bad gateway", "unreachable", /cannot be reached/],
    [200, {}, "wrong", /made no sense/],
    [200, "<!doctype html>", "wrong", /made no sense/],
  ])("%i %j", async (status, body, why, words) => {
    answers(status, body);
    expect(await asGuest()).toMatchObject({ ok: false, why, message: expect.stringMatching(words) });
  });

  test("no answer at all", async () => {
    fetching.mockRejectedValue(new TypeError("Failed to fetch"));
    expect(await asGuest()).toMatchObject({ ok: false, why: "unreachable" });
  });
});

test("signing out tells the server whose token ends, and does not mind its answer", async () => {
  fetching.mockRejectedValue(new TypeError("Failed to fetch"));
  await leave("t");
  expect(new Headers(fetching.mock.calls[0]?.[1]?.headers).get("authorization")).toBe("Bearer t");
});
