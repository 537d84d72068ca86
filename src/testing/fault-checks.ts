/** What a fault may say: a value by which it would never strike, or do nothing, is refused when it is made. */
import { ErrorCode } from '../../protocol/errors.ts';
import { checkRequestPart } from './api-names.ts';
import { milliseconds } from './duration.ts';
import type { FaultSpec } from './fault-spec.ts';
import { checkCount, checkWord, shown } from './known-keys.ts';

const WITH_BATCHES: readonly string[] = ['Produce', 'Fetch'];

/** @throws {TypeError} for a value that means nothing */
export function checkFault(spec: FaultSpec): void {
  const { on, nth, times, probability, request } = spec;
  const apis = [on].flat();
  checkCount('nth', nth);
  checkTimes('times', times);
  if (probability !== undefined && !(probability >= 0 && probability <= 1)) {
    throw new TypeError(`probability cannot be ${shown(probability)}: write a number from 0 to 1`);
  }
  if (request !== undefined && apis.length === 1) checkRequestPart(apis[0], request);
  if ('reply' in spec) checkError(spec.reply);
  if ('delay' in spec) milliseconds(spec.delay);
  if ('throttle' in spec) milliseconds(spec.throttle);
  if ('disconnect' in spec) checkWord('disconnect', spec.disconnect, ['before', 'after']);
  if ('corruptCrc' in spec && !apis.some((api) => WITH_BATCHES.includes(api))) {
    throw new TypeError(`corruptCrc damages batches, and ${apis.join(', ')} has none: write Produce or Fetch`);
  }
  if ('rewrite' in spec && typeof spec.rewrite !== 'function') {
    throw new TypeError('rewrite takes a function: rewrite((response, request) => …)');
  }
}

/** @throws {TypeError} */
export function checkTimes(what: string, count: unknown): void {
  if (count !== Infinity) checkCount(what, count);
}

function checkError(name: unknown): void {
  if (Object.hasOwn(ErrorCode, name as string)) return;
  throw new TypeError(`Kafka has no error ${shown(name)}: take a name such as NOT_LEADER_OR_FOLLOWER`);
}
