/** Subscriptions by regular expression: which topics they mean, found anew when topics come and go (KIP-848). */
import { ErrorCode } from '../../../protocol/errors.ts';
import { NamePattern, PatternError } from '../../patterns/name-pattern.ts';
import { addRegexTombstone } from './tombstones.ts';
import type { ConsumerGroup, ConsumerMember, ResolvedRegex } from './state.ts';
import type { GroupTopics } from '../group-topics.ts';
import type { Regexes } from './topics.ts';
import type { ConsumerDecision, GroupRefusal } from './decision.ts';

export interface UpdatedRegexes {
  readonly resolved: Regexes;
  /** The member subscribes otherwise than before. */
  readonly changed: boolean;
  /** Topics have changed that some expressions have not been asked about yet. */
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
    if ('errorCode' in found) return found;
    keep(group.groupId, regex, found, resolved, decision);
  }
  const mayDiffer = isDue || group.seenTopics !== decision.topics.topicsByName;
  const behind = mayDiffer && !refresh(group, resolved, isDue, decision);
  if (isDue || none) decision.askedRegexes = true;
  return { resolved, changed: differs && matters(group, old, regex, resolved), behind };
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
    if ('errorCode' in found || same(found.topics, known.topics)) continue;
    keep(group.groupId, regex, found, resolved, decision);
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

function resolve(regex: string, { topics, nowMs }: ConsumerDecision): ResolvedRegex | GroupRefusal {
  try {
    return { topics: matching(new NamePattern(regex), topics), version: topics.revision, timestamp: nowMs };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const errorMessage = `The regular expression '${regex}' is not one of RE2: ${error.message}.`;
    return { errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION, errorMessage };
  }
}

function matching(pattern: NamePattern, { topicsByName }: GroupTopics): string[] {
  const names: string[] = [];
  for (const name of topicsByName.keys()) if (pattern.matches(name)) names.push(name);
  return names.sort();
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
