/** How a message's words are drawn: never as markup, links apart, bounded in length and lines. */
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { cutAt, MessageText } from "./message-text";

test("markup is shown, not obeyed", () => {
  const { container } = render(<MessageText text={'<img src=x onerror="alert(1)"><script>1</script>'} />);
  expect(container.querySelector("img, script")).toBeNull();
  expect(container.textContent).toContain("<script>");
});

test("links open apart and tell nobody where they were clicked", () => {
  render(<MessageText text="see https://a.example/" />);
  const link = screen.getByRole("link");
  expect(link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
  expect(link.getAttribute("target")).toBe("_blank");
});

test("a very long text is cut, whole characters only, and can be read apart", () => {
  const text = `${"a".repeat(1_999)}🌊${"b".repeat(5_000)}`;
  const { container } = render(<MessageText text={text} />);
  expect(container.textContent?.isWellFormed()).toBe(true);
  expect(container.textContent?.length).toBeLessThan(2_100);
  fireEvent.click(screen.getByRole("button", { name: "Show all" }));
  expect(screen.getByRole("paragraph", { hidden: true }).textContent).toBe(text);
});

test("many lines are long too", () => {
  expect(cutAt("x\n".repeat(31))).toBe(59);
  expect(cutAt("x\n".repeat(10))).toBeNull();
  expect(cutAt("short")).toBeNull();
});
