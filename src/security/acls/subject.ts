/** Whom a decision is about. */
import { addressText, parseAddress } from '../../../protocol/address.ts';
import type { Subject } from './decision.ts';

/** `principal` as 'User:alice'. The host is written as Java's getHostAddress does: so ACLs of Kafka name it. */
export function subjectOf(principal: string, clientHost: string): Subject {
  const hostBytes = parseAddress(clientHost);
  return { principal, host: hostBytes === null ? clientHost : addressText(hostBytes), hostBytes };
}
