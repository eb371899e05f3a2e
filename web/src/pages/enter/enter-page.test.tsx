/**
 * The ways in: as a guest, with an account, by the set-up link; and what is said when one is shut.
 * The server is a stubbed `fetch`.
 */
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { EnterPage } from "./enter-page";

const fetching = vi.spyOn(globalThis, "fetch");
afterEach(() => void fetching.mockReset());
const answer = (status: number, body: object) =>
  fetching.mockResolvedValueOnce(new Response(JSON.stringify(body), { status }));
const granted = { token: "t", user: { id: "1", name: "Ann", role: "member" } };

function open(setupSecret: string | null = null, notice: string | null = null) {
  const onEntered = vi.fn();
  render(<EnterPage setupSecret={setupSecret} notice={notice} onEntered={onEntered} onSkipSetup={() => {}} />);
  return onEntered;
}

test("a name and Enter, and one is in", async () => {
  answer(200, granted);
  const onEntered = open();
  await userEvent.type(screen.getByLabelText("Your name"), "  Ann {Enter}");
  expect(onEntered).toHaveBeenCalledWith(granted);
  expect(String(fetching.mock.calls[0]?.[1]?.body)).toBe('{"name":"Ann"}');
});

test("where guests are refused, the account form takes over and says why", async () => {
  answer(403, { error: "Guests are refused here.", code: "forbidden" });
  open();
  await userEvent.type(screen.getByLabelText("Your name"), "Ann{Enter}");
  expect(await screen.findByLabelText("Password")).toBeTruthy();
  expect(screen.getByRole("status").textContent).toMatch(/takes no guests/);
  expect(screen.queryByRole("alert")).toBeNull();
  expect(screen.queryByText(/as a guest/)).toBeNull();
});

test("a wrong password is said in words, and what was typed stays", async () => {
  answer(401, { error: "Wrong email or password.", code: "unauthorized" });
  open();
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await userEvent.type(screen.getByLabelText("Email"), "a@b.example");
  await userEvent.type(screen.getByLabelText("Password"), "nope{Enter}");
  expect((await screen.findByRole("alert")).textContent).toMatch(/Wrong email or password/);
  expect(screen.getByLabelText<HTMLInputElement>("Email").value).toBe("a@b.example");
});

test("the set-up link opens its form and sends the secret", async () => {
  answer(200, { ...granted, user: { ...granted.user, role: "admin" } });
  const onEntered = open("s3cret");
  await userEvent.type(screen.getByLabelText("Your name"), "Ann");
  await userEvent.type(screen.getByLabelText("Email"), "a@b.example");
  await userEvent.type(screen.getByLabelText("Password"), "long enough{Enter}");
  expect(JSON.parse(String(fetching.mock.calls[0]?.[1]?.body))).toMatchObject({
    secret: "s3cret",
    email: "a@b.example",
  });
  expect(onEntered).toHaveBeenCalledOnce();
});

test("somebody whose session was ended learns why", () => {
  open(null, "You were signed out. The token expired.");
  expect(screen.getByRole("status").textContent).toMatch(/The token expired/);
});
