/** Which texts are shown large: a few emoji and nothing else. */
import { expect, test } from "vitest";
import { isLargeEmoji } from "./emoji";

test.each(["👋", "👩‍👩‍👧‍👦", "🇳🇴🇩🇪", "👍🏽 ❤️", "3️⃣", "🌊🌊🌊"])("%s is large", (text) => {
  expect(isLargeEmoji(text)).toBe(true);
});

test.each(["", "ok 👍", "123", "🌊🌊🌊🌊", "#", "©a", "👋".repeat(1_000)])("%j is not", (text) => {
  expect(isLargeEmoji(text)).toBe(false);
});
