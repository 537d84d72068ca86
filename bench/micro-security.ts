/** What security costs a request: a decision by 10,000 ACLs with prefixes of 20 lengths, and a quota of bytes. */
import { Produce } from '../protocol/apis/00-produce.ts';
import { emptyImage, quotaKey, type AccessControlEntry, type ClusterImage } from '../src/cluster/image.ts';
import { systemClock } from '../src/platform/clock.ts';
import { silentLogger } from '../src/platform/logger.ts';
import { AuditLog } from '../src/security/acls/audit-log.ts';
import { AclAuthorizer } from '../src/security/acls/authorizer.ts';
import { read } from '../src/security/needs.ts';
import { ClientQuotas } from '../src/security/quotas/client-quotas.ts';
import { sessionOf } from '../src/security/session.ts';
import { NOT_TIMED } from '../src/security/stages.ts';

type Measure = (name: string, task: () => void) => void;

const session = sessionOf({
  principal: { type: 'User', name: 'alice' },
  listenerName: 'SASL_SSL',
  securityProtocol: 'SASL_SSL',
  clientHost: '10.0.0.1',
  mechanism: 'SCRAM-SHA-512',
  expiresAtMs: null,
});

const ACLS = 10_000;
const LENGTHS = 20;
const SHORTEST = 8;
/** Fewer than are remembered. */
const NAMES = 8_000;
const WARM_ROUNDS = 10;

function acl(at: number): AccessControlEntry {
  const isPrefix = at % 2 === 0;
  return {
    id: String(at),
    resourceType: 2,
    resourceName: isPrefix ? `team-${at}-`.padEnd(SHORTEST + ((at / 2) % LENGTHS), 'x') : `topic-${at}`,
    patternType: isPrefix ? 4 : 3,
    principal: at === 0 ? 'User:alice' : `User:user-${at % 100}`,
    host: '*',
    operation: 3,
    permissionType: 3,
  };
}

function decisions(measure: Measure): void {
  const all = new Map(Array.from({ length: ACLS }, (_, at) => [String(at), acl(at)]));
  let image: ClusterImage = { ...emptyImage('c'), accessControlEntries: all };
  const audit = new AuditLog(silentLogger, systemClock);
  const authorizer = new AclAuthorizer({ image: () => image, superUsers: new Set(), allowsUncovered: false, audit });
  const access = authorizer.accessOf(session);
  const needs = Array.from({ length: NAMES }, (_, at) => read.topic(`team-0-xorders-${at}`));
  let at = 0;
  const decide = (): void => {
    if (at === NAMES) {
      at = 0;
      image = { ...image, accessControlEntries: new Map(all) }; // what was decided is forgotten
    }
    access.errorOf(needs[at++], Produce.name);
  };
  for (let warm = 0; warm < WARM_ROUNDS * NAMES; warm++) decide(); // a busy machine has little time for it
  measure('security: a decision for the first time', decide);
  measure('security: the same decision again', () => void access.errorOf(needs[0], Produce.name));
}

function quotas(measure: Measure): void {
  let image = emptyImage('c');
  const windows = { count: 11, sizeMs: 1000 };
  const own = new ClientQuotas({ clock: systemClock, image: () => image, windows, mutationWindows: windows });
  const account = (): void => void own.account(session, 'app', Produce, 1000, NOT_TIMED);
  measure('security: no quota', account);
  const entity = [{ entityType: 'user', entityName: 'alice' }];
  const quota = { entity, values: new Map([['producer_byte_rate', 1e15]]) };
  image = { ...image, quotas: new Map([[quotaKey(entity), quota]]) };
  measure('security: a quota of bytes', account);
  measure('security: the clock, which that reads once', () => void systemClock.monotonic());
}

export function securityPieces(measure: Measure): void {
  decisions(measure);
  quotas(measure);
}
