/** What the waits of a broker may be given, wherever it runs. */
import { GROUP_STATES } from './group.ts';
import { checkKeys, checkWord, type KeysOf } from './known-keys.ts';
import type {
  ExpectedCommit,
  ExpectedDelivery,
  ExpectedGroup,
  ExpectedQueue,
  IdleOptions,
  MessageWaitOptions,
  NoMessagesOptions,
  UntilOptions,
  WaitOptions,
} from './wait-options.ts';

const WAIT: KeysOf<WaitOptions> = { timeout: true };
const MESSAGE_WAIT: KeysOf<MessageWaitOptions> = { ...WAIT, where: true, isolation: true };
const GROUP: KeysOf<ExpectedGroup> = { state: true, members: true, assigned: true };
const COMMIT: KeysOf<ExpectedCommit> = { topic: true, partition: true, offset: true };
const DELIVERY: KeysOf<ExpectedDelivery> = { topic: true, partition: true, offset: true, deliveries: true };
const QUEUE: KeysOf<ExpectedQueue> = { backlog: true, inFlight: true, members: true };
const IDLE: KeysOf<IdleOptions> = { ...WAIT, quiet: true };
const NO_MESSAGES: KeysOf<NoMessagesOptions> = { within: true, where: true, isolation: true };
const UNTIL: KeysOf<UntilOptions> = { ...WAIT, what: true };

/** As long as no message has to come, unless a test says otherwise. */
export const DEFAULT_WITHIN_MS = 500;

/** @throws {TypeError} */
export function checkIsolation({ isolation }: { readonly isolation?: unknown }): void {
  checkWord('isolation', isolation, ['read_committed', 'read_uncommitted']);
}

/** @throws {TypeError} */
export function checkMessageWait(wanted: unknown, options: object): void {
  checkWanted('waitForMessages', wanted);
  checkKeys('waitForMessages', options, MESSAGE_WAIT, { partition: 'look at it in `where`' });
  checkIsolation(options);
}

/** @throws {TypeError} */
export function checkNoMessages(options: object): void {
  checkKeys('expectNoMessages', options, NO_MESSAGES, { timeout: 'write within' });
  checkIsolation(options);
}

/** @throws {TypeError} */
export function checkGroupWait(id: string, expected: object, options: object): void {
  checkKeys('waitForGroup', expected, GROUP, {
    timeout: `it belongs in the third argument: waitForGroup('${id}', { state: 'Stable' }, { timeout: … })`,
  });
  checkWord('state of waitForGroup', (expected as ExpectedGroup).state, GROUP_STATES);
  checkKeys('waitForGroup', options, WAIT);
}

/** @throws {TypeError} */
export function checkCommitWait(expected: object, options: object): void {
  checkKeys('waitForCommit', expected, COMMIT, { timeout: 'it belongs in the third argument' });
  checkKeys('waitForCommit', options, WAIT);
}

/** @throws {TypeError} */
export function checkLagWait(lag: unknown, options: object): void {
  checkNumber('waitForLag', lag);
  checkKeys('waitForLag', options, WAIT);
}

/** @throws {TypeError} */
export function checkQueueMessages(what: string, wanted: unknown, options: object): void {
  checkWanted(what, wanted);
  checkKeys(what, options, { ...WAIT, where: true });
}

/** @throws {TypeError} */
export function checkDeliveryWait(expected: object, options: object): void {
  checkKeys('waitForDelivery', expected, DELIVERY, { timeout: 'it belongs in the third argument' });
  checkKeys('waitForDelivery', options, WAIT);
}

/** @throws {TypeError} */
export function checkQueueWait(expected: object, options: object): void {
  checkKeys('waitForQueue', expected, QUEUE, { timeout: 'it belongs in the third argument' });
  checkKeys('waitForQueue', options, WAIT);
}

/** @throws {TypeError} */
export function checkLeaderWait(partition: unknown, nodeId: unknown, options: object): void {
  checkNumber('waitForLeader', partition);
  if (nodeId !== undefined) checkNumber('waitForLeader', nodeId);
  checkKeys('waitForLeader', options, WAIT);
}

/** @throws {TypeError} */
export function checkIsrWait(partition: unknown, expected: unknown, options: object): void {
  checkNumber('waitForIsr', partition);
  if (expected !== undefined && !Array.isArray(expected)) checkNumber('waitForIsr', expected);
  checkKeys('waitForIsr', options, WAIT);
}

/** @throws {TypeError} */
export function checkIdleWait(options: object): void {
  checkKeys('waitForIdle', options, IDLE);
}

/** @throws {TypeError} */
export function checkUntil(condition: unknown, options: object): void {
  if (typeof condition !== 'function')
    throw new TypeError('waitUntil takes a function: waitUntil(() => fault.fired === 2)');
  checkKeys('waitUntil', options, UNTIL);
}

/** @throws {TypeError} for a promise: it would hold at once, whatever comes of it */
export function checkAnswer(answer: unknown): void {
  if (typeof (answer as { then?: unknown } | null | undefined)?.then !== 'function') return;
  throw new TypeError('the condition of waitUntil answers a promise: write one that looks and answers at once');
}

function checkWanted(what: string, wanted: unknown): void {
  if (typeof wanted === 'function') return;
  if (typeof wanted === 'object') {
    throw new TypeError(
      `${what} takes how many messages, or a predicate, before the options: ${what}(topic, 1, { … })`,
    );
  }
  checkNumber(what, wanted);
}

function checkNumber(what: string, wanted: unknown): void {
  if (typeof wanted === 'number' && wanted >= 0) return;
  throw new TypeError(`${what} takes a number before its options, not ${JSON.stringify(wanted)}`);
}
