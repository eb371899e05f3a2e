/**
 * Real Chromium, as Debian packages it, with a profile of its own for every test, and the chat page as a person uses it.
 */
import { accessSync, constants, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { PATIENCE_MS } from "./deadline.mjs";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser that ends with the test `t`. */
export async function openBrowser(t) {
  try {
    accessSync(CHROMIUM, constants.X_OK);
  } catch {
    throw new Error(`${CHROMIUM} is not there. Install it: apt-get install chromium (scripts/setup-tests.sh does)`);
  }
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  t.after(() => browser.close());
  return browser;
}

/** A person at the chat page, in a browser context that shares nothing with others. */
export class Person {
  /** Opens the page and comes in by name. */
  static async enter(t, browser, url, name, options = {}) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const person = new Person(name, page);
    page.on("pageerror", (error) => person.errors.push(error.message));
    t.after(() => person.keepPicture(t));
    await page.goto(url);
    await page.getByTestId("name-field").fill(name);
    await page.getByTestId("join").click();
    await page.getByTestId("composer").waitFor();
    await person.isConnected();
    return person;
  }

  constructor(name, page) {
    this.name = name;
    this.page = page;
    this.errors = [];
  }

  isConnected() {
    return this.page.locator('[data-testid="connection"][data-state="online"]').waitFor({ state: "attached" });
  }

  async write(text) {
    await this.page.getByTestId("composer").fill(text);
    await this.page.getByTestId("composer").press("Enter");
  }

  /** The bubble that holds exactly this text. */
  message(text) {
    return this.page.getByTestId("message").filter({ hasText: text });
  }

  /** The ids of all messages in the room, from top to bottom. */
  ids() {
    return this.page.getByTestId("message").evaluateAll((bubbles) => bubbles.map((b) => b.dataset.messageId));
  }

  /** Messages that the server does not have yet, or has refused. */
  unsent() {
    return this.page.locator('[data-testid="state-waiting"], [data-testid="state-refused"]').count();
  }

  /** What the page showed when the test failed. */
  async keepPicture(t) {
    if (t.passed !== false || this.page.isClosed()) return;
    const file = join(mkdtempSync(join(tmpdir(), "tidings-picture-")), `${this.name}.png`);
    await this.page.screenshot({ path: file });
    t.diagnostic(`${this.name}'s page: ${file}; errors: ${this.errors.join("; ") || "none"}`);
  }
}
