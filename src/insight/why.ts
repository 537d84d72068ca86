/**
 * Why a group does not get what it waits for: findings, the most certain cause first. A pure function of what is known: the page,
 * the control port, a test's WaitTimeout and `ottla groups why` tell the same.
 */
import type { Finding, Rule } from './finding.ts';
import type { GroupSituation } from './group-situation.ts';
import {
  hindered,
  idleMembers,
  lostClients,
  missingTopics,
  noMembers,
  notConnected,
  notReleased,
  rebalancing,
  standingClock,
  throttled,
  toldErrors,
  withoutFetches,
} from './why-members.ts';
import { allAborted, allRead, beganAtEnd, belowStart, openTransactions, similarTopics } from './why-records.ts';
import { count } from './words.ts';

export type { Cause, Finding } from './finding.ts';

/** In the order in which they are told: what keeps a group from reading at all, then what it does not see, then what is well. */
const RULES: readonly Rule[] = [
  hindered,
  missingTopics,
  lostClients,
  noMembers,
  standingClock,
  notReleased,
  notConnected,
  rebalancing,
  throttled,
  toldErrors,
  withoutFetches,
  openTransactions,
  allAborted,
  belowStart,
  beganAtEnd,
  similarTopics,
  idleMembers,
  allRead,
];

/** Of a group that nobody has joined: what may have kept its consumers from that. */
const BEFORE_THE_GROUP: readonly Rule[] = [hindered, missingTopics, lostClients, toldErrors];

/** At least one finding. */
export function why(situation: GroupSituation): Finding[] {
  if (situation.type === null) return [...BEFORE_THE_GROUP.flatMap((rule) => rule(situation)), missingGroup(situation)];
  const findings = RULES.flatMap((rule) => firstOf(rule(situation)));
  return findings.length > 0 ? findings : [reading(situation)];
}

/** Of one cause: a group may read thousands of partitions. */
const MOST = 5;

function firstOf(findings: Finding[]): Finding[] {
  if (findings.length <= MOST) return findings;
  const left = findings.length - MOST;
  return findings
    .slice(0, MOST)
    .map((finding, index) =>
      index < MOST - 1
        ? finding
        : { ...finding, evidence: [...finding.evidence, `The same is so ${count(left, 'time')} more.`] },
    );
}

function missingGroup({ id, similarGroups }: GroupSituation): Finding {
  return {
    cause: 'no-such-group',
    sentence: `There is no group '${id}': no member has joined it, and nothing was committed under this name.`,
    evidence: similarGroups.length === 0 ? [] : [`Groups with such names: ${similarGroups.join(', ')}.`],
    next: `Compare the group id (group.id) of your consumer with '${id}', and see that it calls subscribe and polls.`,
  };
}

function reading({ partitions }: GroupSituation): Finding {
  const unread = partitions.reduce((sum, { unread: left }) => sum + (left ?? 0), 0);
  return {
    cause: 'reading',
    sentence:
      unread === 0
        ? 'Nothing that is known here keeps the group from reading.'
        : `Nothing that is known here keeps the group from reading; ${count(unread, 'record')} ${unread === 1 ? 'is' : 'are'} left.`,
    evidence: [],
    next: 'Look again in a moment: where the number of unread records stands still, see what the consumer does with the records it has.',
  };
}
