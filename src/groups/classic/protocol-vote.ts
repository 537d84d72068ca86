/** Which assignment protocol a classic group uses: one that every member knows, chosen by the members' votes. */
import { messageCodec } from '../../../protocol/compile.ts';

import { ConsumerProtocolSubscription } from '../../../protocol/topics/consumer-protocol.ts';
import { readerOf } from '../record-bytes.ts';
import type { ClassicGroup, MemberProtocol } from './state.ts';
import { metadataFor } from './state.ts';
import { javaHash } from '../../coordination/java-hash.ts';

/** Whether a member with these protocols could be in the group without leaving it with none in common. */
export function supportsProtocols(
  group: ClassicGroup,
  protocolType: string,
  protocols: readonly MemberProtocol[],
): boolean {
  if (group.state === 'Empty') return protocolType !== '' && protocols.length > 0;
  if (group.protocolType !== protocolType) return false;
  if (group.members.size === 0) return protocols.length > 0; // all have left while the initial delay ran
  const common = commonProtocols(group);
  return protocols.some((protocol) => common.has(protocol.name));
}

/** The common protocol that most members prefer; ties fall as a Java HashMap would iterate, to agree with Kafka. */
export function selectProtocol(group: ClassicGroup): string {
  const common = commonProtocols(group);
  const votes = new Map<string, number>();
  for (const member of group.members.values()) {
    const choice = member.protocols.find((protocol) => common.has(protocol.name));
    if (choice === undefined) throw new Error(`Member ${member.memberId} supports no protocol of its group`);
    votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
  }
  const ranked = [...votes].sort(([a, forA], [b, forB]) => forB - forA || bucket(a) - bucket(b));
  return ranked[0][0];
}

function commonProtocols(group: ClassicGroup): Set<string> {
  const counts = new Map<string, number>();
  for (const member of group.members.values()) {
    // A member may give a name twice. Kafka counts it twice, finds no protocol that all members have, and never answers.
    for (const name of new Set(member.protocols.map((protocol) => protocol.name))) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return new Set([...counts].filter(([, count]) => count === group.members.size).map(([name]) => name));
}

function bucket(name: string): number {
  const hash = javaHash(name);
  return (hash ^ (hash >>> 16)) & 15;
}

/**
 * The topics the group's members consume in this generation. Null where the group is not made of consumers or a
 * subscription cannot be read.
 */
export function subscribedTopics(group: ClassicGroup): ReadonlySet<string> | null {
  if (group.members.size === 0) return new Set();
  if (group.protocolType !== 'consumer' || group.protocolName === null) return null;
  const topics = new Set<string>();
  try {
    for (const member of group.members.values()) {
      for (const topic of topicsOf(metadataFor(member, group.protocolName))) topics.add(topic);
    }
  } catch {
    return null; // a client's own format under the type 'consumer'
  }
  return topics;
}

/** Whether offsets of this topic are in use by members. In doubt, a group of consumers uses them all. */
export function isSubscribed(group: ClassicGroup, topic: string): boolean {
  return group.subscribedTopics === null ? group.protocolType === 'consumer' : group.subscribedTopics.has(topic);
}

/** Whatever the version, a subscription begins as in version 0. */
function topicsOf(subscription: Uint8Array): string[] {
  const reader = readerOf(subscription);
  reader.int16();
  return messageCodec(ConsumerProtocolSubscription, 0).decode(reader).topics;
}
