/**
 * A storm: guests that follow and push over bad lines, somebody who pushes beside them, and the reckoning afterwards.
 */
import assert from "node:assert/strict";
import { ChaosLine, Random, randomPlan } from "./chaos.mjs";
import { PATIENCE_OF_GUESTS_MS } from "./deadline.mjs";
import { sameChanges } from "./deliveries.mjs";

/** The longest wait for one disturbance, in ms. */
const PATIENCE_WITH_LINE_MS = 20_000;

/** A line with the plans of a seed, and its number of disturbances. */
export async function badLine(t, port, seedOfLine) {
  const line = await ChaosLine.start(t, port);
  const random = new Random(seedOfLine);
  line.plan = () => randomPlan(random);
  return line;
}

/**
 * Lets a guest follow and push until its line was disturbed so often, then calms the line and reckons. `topic` is the guest's
 * own; `api` is somebody beside the line. All that is asked and told goes into the record, to be judged when all guests of
 * the server are done.
 */
export async function ride({ guest, line, topic, api, record, disturbances }) {
  try {
    const start = await guest.start();
    let isOver = false;
    const patienceMs = PATIENCE_OF_GUESTS_MS + disturbances * PATIENCE_WITH_LINE_MS;
    const disturbed = line.untilDisturbed(disturbances, patienceMs).finally(() => {
      isOver = true;
    });
    const pushers = { isOver: () => isOver, guest, line, topic, api, record };
    const pushing = Promise.all([pushOwn(pushers), pushBeside(pushers)]);
    await Promise.race([disturbed, pushing]);
    line.calm();
    const [own, others] = await pushing;
    const history = (await api.history(start)).filter(({ type }) => type === topic);
    assert.equal(history.length, own.count + others.count, "each push was written once");
    await guest.untilTold(history.at(-1).seq, PATIENCE_OF_GUESTS_MS);
    sameChanges(guest.updates(), history, topic);
    assert.deepEqual(guest.resets(), []);
    await guest.settle(Math.max(own.last, others.last), PATIENCE_OF_GUESTS_MS);
    return { changes: history.length, connections: guest.connections() };
  } catch (error) {
    error.message = `${topic}: ${error.message}; ${line.cuts} cuts, ${line.stalls} stalls, ${line.twice} twice; ${guest.story()}`;
    throw error;
  } finally {
    await guest.end();
    line.end();
  }
}

/** One push of the guest after the other, each until it is acked; how many there were, and where the last of them stands. */
async function pushOwn({ isOver, guest, line, topic, record }) {
  const pushed = { count: 0, last: 0 };
  while (!isOver()) {
    const change = add(topic, `own ${pushed.count}`);
    const answer = await guest.push(change);
    // Where the line says things twice, it was the line that asked once more than the guest knows of.
    if (answer.duplicate && line.twice > 0) record.push(change);
    record.answer(change, answer);
    pushed.count += 1;
    pushed.last = answer.position;
  }
  return pushed;
}

/** The same beside the line. */
async function pushBeside({ isOver, topic, api, record }) {
  const pushed = { count: 0, last: 0 };
  while (!isOver()) {
    const change = add(topic, `other ${pushed.count}`);
    record.push(change);
    const { json } = await api.push(change);
    record.answer(change, json);
    pushed.count += 1;
    pushed.last = json.position;
  }
  return pushed;
}

function add(topic, id) {
  return { type: topic, action: "add", data: { id, text: `text of ${id}` }, key: `${topic} ${id}` };
}
