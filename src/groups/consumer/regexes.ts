/** Subscriptions by regular expression: which topics they mean, found anew when topics come and go (KIP-848). */
import { ErrorCode } from '../../../protocol/errors.ts';
import { PatternError } from '../../patterns/name-pattern.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { metadataHashOf } from '../modern/topics.ts';
import { addRegexTombstone } from './tombstones.ts';
import type { ConsumerGroup, ConsumerMember, ResolvedRegex } from './state.ts';
import type { GroupTopics } from '../group-topics.ts';
import { namesOf, type Regexes } from './topics.ts';
import type { ConsumerDecision } from './decision.ts';

export interface UpdatedRegexes {
  readonly resolved: Regexes;
  /** The member subscribes otherwise than before. */
  readonly changed: boolean;
  /** Topics have changed that some expressions have not been asked about yet, or have not found among yet. */
  readonly behind: boolean;
}

/**
 * While topics are created one after the other, a group resolves its expressions this often at most. Kafka waits ten seconds,
 * for resolving is expensive there.
 */
const LEAST_INTERVAL_MS = 1000;

export function updateRegexes(
  group: ConsumerGroup,
  before: ConsumerMember,
  after: ConsumerMember,
  decision: ConsumerDecision,
): UpdatedRegexes | GroupRefusal {
  const [old, regex] = [before.subscribedTopicRegex, after.subscribedTopicRegex];
  const isKnown = regex === '' || group.regexes.has(regex);
  const differs = old !== regex;
  const none = group.regexes.size === 0;
  const isDue = !none && decision.nowMs - group.regexesRefreshedMs >= decision.limits.regexRefreshIntervalMs;
  const isCurrent = none || (group.seenTopics === decision.topics.topicsByName && !isDue);
  if (!differs && isKnown && isCurrent) {
    return { resolved: group.regexes, changed: false, behind: false };
  }
  const resolved = new Map(group.regexes);
  if (differs && old !== '' && !isUsed(group, old, before.memberId)) {
    resolved.delete(old);
    addRegexTombstone(group.groupId, old, decision);
  }
  if (!isKnown) {
    const found = resolve(regex, decision);
    if (found !== null && 'errorCode' in found) return found;
    if (found !== null) keep(group.groupId, regex, found, resolved, decision);
  }
  const mayDiffer = isDue || group.seenTopics !== decision.topics.topicsByName;
  const behind = mayDiffer && !refresh(group, resolved, isDue, decision);
  if (isDue || none) decision.askedRegexes = true;
  // Until its topics have been found, a member keeps what it has.
  const isPending = regex !== '' && !resolved.has(regex);
  return { resolved, changed: differs && !isPending && matters(group, old, regex, resolved), behind };
}

/** An expression that matches no topic, and replaces none that did, is no reason to assign anew. */
function matters(group: ConsumerGroup, old: string, regex: string, resolved: Regexes): boolean {
  return (
    group.regexes.has(regex) ||
    (group.regexes.get(old)?.topics.length ?? 0) > 0 ||
    (resolved.get(regex)?.topics.length ?? 0) > 0
  );
}

/**
 * Looks for the topics of all expressions again, `all` or those that have not been asked since topics changed; false where
 * it is too early for some.
 */
function refresh(
  group: ConsumerGroup,
  resolved: Map<string, ResolvedRegex>,
  all: boolean,
  decision: ConsumerDecision,
): boolean {
  let isDone = true;
  for (const [regex, known] of resolved) {
    if (!all && known.version === decision.topics.revision) continue;
    if (!all && decision.nowMs - known.timestamp < LEAST_INTERVAL_MS) {
      isDone = false;
      continue;
    }
    const found = resolve(regex, decision);
    if (found === null) isDone = false;
    else if ('errorCode' in found) continue;
    else if (same(found.topics, known.topics)) decision.unchangedRegexes.set(regex, found.version);
    else keep(group.groupId, regex, found, resolved, decision);
  }
  return isDone;
}

function keep(
  groupId: string,
  regularExpression: string,
  value: ResolvedRegex,
  resolved: Map<string, ResolvedRegex>,
  decision: ConsumerDecision,
): void {
  resolved.set(regularExpression, value);
  decision.records.push({ type: 'consumerRegex', groupId, regularExpression, value });
}

/** Whether a member other than this one subscribes by it. */
function isUsed(group: ConsumerGroup, regex: string, exceptFor: string): boolean {
  for (const member of group.members.values()) {
    if (member.memberId !== exceptFor && member.subscribedTopicRegex === regex) return true;
  }
  return false;
}

function resolve(
  regex: string,
  { topics, nowMs, resolve: find }: ConsumerDecision,
): ResolvedRegex | GroupRefusal | null {
  try {
    const found = find(regex);
    return found === null ? null : { topics: found, version: topics.revision, timestamp: nowMs };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const errorMessage = `The regular expression '${regex}' is not one of RE2: ${error.message}.`;
    return { errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION, errorMessage };
  }
}

/** The topics of an expression have been found, in the cluster as it was when the search began: the group is assigned anew. */
export function takeResolved(
  group: ConsumerGroup,
  regex: string,
  names: readonly string[],
  { revision }: GroupTopics,
  decision: ConsumerDecision,
): void {
  if (!isSubscribed(group, regex)) return;
  const known = group.regexes.get(regex);
  if (known !== undefined && same(names, known.topics)) return void decision.unchangedRegexes.set(regex, revision);
  const resolved = new Map(group.regexes);
  keep(group.groupId, regex, { topics: names, version: revision, timestamp: decision.nowMs }, resolved, decision);
  const metadataHash = metadataHashOf(namesOf(group.members.values(), resolved), decision.topics);
  const value = { epoch: group.groupEpoch + 1, metadataHash };
  decision.records.push({ type: 'consumerEpoch', groupId: group.groupId, value });
}

export function isSubscribed(group: ConsumerGroup, regex: string): boolean {
  return isUsed(group, regex, '');
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
