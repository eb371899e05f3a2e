/**
 * A storm: guests that follow and push over bad lines, somebody who pushes beside them, and the reckoning afterwards.
 */
import assert from "node:assert/strict";
import { ChaosLine, Random, randomPlan } from "./chaos.mjs";
import { sameChanges } from "./judge.mjs";

/** Who sits at the end of the line has so long to catch up and be answered once it is calm, in ms. */
const CALM_MS = 60_000;

/** A line with the plans of a seed, and its number of disturbances. */
export async function badLine(t, port, seedOfLine) {
  const line = await ChaosLine.start(t, port);
  const random = new Random(seedOfLine);
  line.plan = () => randomPlan(random);
  return line;
}

/**
 * Lets a guest follow and push until its line was disturbed so often, then calms the line and judges. `topic` is the guest's
 * own; `api` is somebody beside the line.
 */
export async function ride({ guest, line, topic, api, disturbances, patienceMs = 40_000 }) {
  try {
    const start = await guest.start();
    let isOver = false;
    const disturbed = line.untilDisturbed(disturbances, patienceMs).finally(() => {
      isOver = true;
    });
    const pushers = { isOver: () => isOver, guest, topic, api };
    const pushing = Promise.all([pushOwn(pushers), pushBeside(pushers)]);
    await Promise.race([disturbed, pushing]);
    line.calm();
    const [acked, others] = await pushing;
    const history = (await api.history(start)).filter(({ type }) => type === topic);
    assert.equal(history.length, acked + others, "each push was written once");
    await guest.untilUpdates(history.length, CALM_MS);
    sameChanges(guest.updates(), history, topic);
    assert.deepEqual(guest.resets(), []);
    return { changes: history.length, connections: guest.connections(), own: acked };
  } catch (error) {
    error.message = `${topic}: ${error.message}; ${line.cuts} cuts, ${line.stalls} stalls, ${line.twice} twice; ${guest.story()}`;
    throw error;
  } finally {
    await guest.end();
    line.end();
  }
}

/** One push of the guest after the other, each until it is acked; how many there were. */
async function pushOwn({ isOver, guest, topic }) {
  let count = 0;
  while (!isOver()) {
    count += 1;
    const answer = await guest.push({
      type: topic,
      action: "add",
      data: { id: `own ${count}` },
      key: `${topic} ${count}`,
    });
    assert.equal(answer.success, true, JSON.stringify(answer));
  }
  return count;
}

/** The same beside the line. */
async function pushBeside({ isOver, topic, api }) {
  let count = 0;
  while (!isOver()) {
    count += 1;
    await api.addAll(topic, [`other ${count}`]);
  }
  return count;
}
