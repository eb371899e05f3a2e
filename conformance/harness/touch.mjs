/** A phone, and a person who has nothing but a finger: taps, swipes, and the keyboard on the screen. */
import { Person } from "./browser.mjs";
import { PATIENCE_MS } from "./deadline.mjs";

/** A small phone of today, as the browser pretends to be one. */
export const PHONE = {
  viewport: { width: 390, height: 740 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

/** Drawn so often at the same place, the messages are at rest. */
const STILL_FRAMES = 10;

/** How many places a finger is felt at on its way. */
const DRAG_STEPS = 12;

export class TouchPerson extends Person {
  /** Opens the page on a phone and comes in by name. */
  static async enter(t, browser, url, name, options = {}) {
    const context = await browser.newContext({ ...PHONE, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const person = new TouchPerson(name, page);
    page.on("pageerror", (error) => person.errors.push(error.message));
    t.after(() => person.keepPicture(t));
    await page.goto(url);
    await person.type("name-field", name);
    await page.getByTestId("join").tap();
    await page.getByTestId("composer").waitFor();
    await person.isConnected();
    return person;
  }

  /** A tap on the field and the keys of the screen's keyboard. */
  async type(field, text) {
    await this.page.getByTestId(field).tap();
    await this.page.keyboard.insertText(text);
  }

  async write(text) {
    await this.type("composer", text);
    await this.page.getByTestId("send").tap();
  }

  bubble(text) {
    return this.message(text).getByRole("article");
  }

  /** A tap on a message, and then on one of the things that can be done with it. */
  async act(text, action) {
    await this.bubble(text).tap();
    await this.message(text).getByRole("button", { name: action, exact: true }).tap();
  }

  /** Draws the messages so far down (up, below 0), within the screen, with a finger: real touches, so real scrolling. */
  async drag(distance) {
    const box = await this.page.getByTestId("conversation").boundingBox();
    const x = box.x + box.width / 2;
    const from = box.y + box.height / 2 - distance / 2;
    const session = await this.page.context().newCDPSession(this.page);
    const touch = (type, y) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints: y === undefined ? [] : [{ x, y }] });
    await touch("touchStart", from);
    for (let step = 1; step <= DRAG_STEPS; step += 1) await touch("touchMove", from + (distance * step) / DRAG_STEPS);
    await touch("touchEnd");
    await session.detach();
    await this.#rest();
  }

  /** Resolves when the messages move no more: a finger that lets go in motion leaves them rolling. */
  #rest() {
    return this.page.getByTestId("conversation").evaluate(async (frame, still) => {
      for (let before = Number.NaN, same = 0; same < still; ) {
        await new Promise((drawn) => requestAnimationFrame(drawn));
        same = frame.scrollTop === before ? same + 1 : 0;
        before = frame.scrollTop;
      }
    }, STILL_FRAMES);
  }
}
