/** The ACLs and quotas of a test's broker: records of its metadata, as an admin client would make them. */
import type { RunningBroker } from '../broker/broker.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import { randomUuid, type Random } from '../platform/random.ts';
import {
  aclOf,
  aclsOf,
  lineOf,
  operationOf,
  principalOf,
  reachable,
  reasonWords,
  resourceOf,
  userOf,
  type Acl,
  type AclLines,
  type ResourceOf,
} from '../security/acls/lines.ts';
import { checkKeys, type KeysOf } from './known-keys.ts';
import type { TestMetadata } from './test-metadata.ts';

export const STANDARD_AUTHORIZER = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';

/** Whether a user may do something, and why. */
export interface AclExplanation {
  readonly allowed: boolean;
  /** In words: the line that decides, or that there is none. */
  readonly reason: string;
}

export interface TestAcls {
  /** `add('alice', 'read topic orders', 'read group billing-*')`; counts for the next request. */
  add(user: string, ...lines: string[]): Promise<void>;
  remove(user: string, ...lines: string[]): Promise<void>;
  /** By user, as they were written. */
  list(): Record<string, string[]>;
  /** `explain('alice', 'write', { topic: 'orders' })` */
  explain(user: string, operation: string, resource: ResourceOf, host?: string): AclExplanation;
}

/** A number of bytes: 1000, '500KB', '1MB'. */
export type Bytes = number | `${number}${'B' | 'KB' | 'MB' | 'GB'}`;

export interface QuotaSpec {
  readonly producerByteRate?: Bytes;
  readonly consumerByteRate?: Bytes;
  /** Per cent of the broker's time. */
  readonly requestPercentage?: number;
  /** Partitions made, added and deleted a second. */
  readonly controllerMutationRate?: number;
}

/** By user; '*' is who has none: `{ alice: { producerByteRate: '1MB' } }`. */
export type QuotaSpecs = Readonly<Record<string, QuotaSpec>>;

const QUOTA: KeysOf<QuotaSpec> = {
  producerByteRate: true,
  consumerByteRate: true,
  requestPercentage: true,
  controllerMutationRate: true,
};
const KAFKAS_NAMES: Readonly<Record<keyof QuotaSpec, string>> = {
  producerByteRate: 'producer_byte_rate',
  consumerByteRate: 'consumer_byte_rate',
  requestPercentage: 'request_percentage',
  controllerMutationRate: 'controller_mutation_rate',
};
const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1000, MB: 1_000_000, GB: 1_000_000_000 };
const ANYWHERE = '127.0.0.1';

/** @throws {TypeError} for a user, a line or a quota that is none: before anything is started */
export function checkAccess({ acls, quotas }: { readonly acls?: AclLines; readonly quotas?: QuotaSpecs }): void {
  aclsOf(acls ?? {});
  quotaRecords(quotas ?? {});
}

/** Those of the start, once the broker runs and after each reset; what is there already stays as it is. */
export async function provideAccess(
  metadata: TestMetadata,
  random: Random,
  { acls, quotas }: { readonly acls?: AclLines; readonly quotas?: QuotaSpecs },
): Promise<void> {
  const records = quotaRecords(quotas ?? {});
  if (records.length > 0) await metadata.change(() => records);
  await addAcls(metadata, random, aclsOf(acls ?? {}));
}

export function testAcls(metadata: TestMetadata, broker: () => RunningBroker): TestAcls {
  const list = (): Record<string, string[]> => {
    const byUser: Record<string, string[]> = {};
    for (const entry of metadata.image.accessControlEntries.values()) {
      (byUser[userOf(entry.principal)] ??= []).push(lineOf(entry));
    }
    return byUser;
  };
  return {
    list,
    async add(user, ...lines) {
      const { authorizer, random } = broker().parts;
      const acls = lines.map((line) => reachable(aclOf(user, line)));
      if (authorizer !== null) return addAcls(metadata, random, acls);
      throw new TypeError('the broker asks no acls, and everybody may do everything: write startBroker({ acls: {} })');
    },
    async remove(user, ...lines) {
      const gone = new Set(lines.map((line) => keyOf(aclOf(user, line))));
      const known = new Set([...metadata.image.accessControlEntries.values()].map(keyOf));
      const missing = lines.find((line) => !known.has(keyOf(aclOf(user, line))));
      if (missing !== undefined) {
        const own = list()[user] ?? [];
        throw new TypeError(`acls: ${user} has no line '${missing}'; there are: ${own.join(', ') || 'none'}`);
      }
      await metadata.change(({ accessControlEntries }) =>
        [...accessControlEntries.values()]
          .filter((entry) => gone.has(keyOf(entry)))
          .map(({ id }) => ({ type: 'RemoveAccessControlEntryRecord', id })),
      );
    },
    explain(user, word, resource, host = ANYWHERE) {
      const { authorizer } = broker().parts;
      const { resourceType, name } = resourceOf('acls.explain', resource);
      const operation = operationOf('acls.explain', word);
      if (authorizer === null) return { allowed: true, reason: 'there are no acls: everybody may do everything' };
      const { isAllowed, reason } = authorizer.explain(principalOf(user), host, { operation, resourceType }, name);
      const why = reason.rule === 'SuperUser' ? 'a super user may do everything' : reasonWords(reason);
      return { allowed: isAllowed, reason: why };
    },
  };
}

async function addAcls(metadata: TestMetadata, random: Random, acls: readonly Acl[]): Promise<void> {
  if (acls.length === 0) return;
  await metadata.change(({ accessControlEntries }) => {
    const known = new Set([...accessControlEntries.values()].map(keyOf));
    return acls
      .filter((acl) => !known.has(keyOf(acl)))
      .map((acl) => ({ type: 'AccessControlEntryRecord', id: randomUuid(random), ...acl }));
  });
}

function keyOf({ resourceType, resourceName, patternType, principal, host, operation, permissionType }: Acl): string {
  return JSON.stringify([resourceType, resourceName, patternType, principal, host, operation, permissionType]);
}

function quotaRecords(quotas: QuotaSpecs): MetadataDraft[] {
  return Object.entries(quotas).flatMap(([user, spec]) => {
    checkKeys(`quotas of ${user}`, spec, QUOTA);
    const entity = [{ entityType: 'user', entityName: user === '*' ? null : user }];
    return (Object.keys(KAFKAS_NAMES) as (keyof QuotaSpec)[]).flatMap((field): MetadataDraft[] => {
      const value = spec[field];
      if (value === undefined) return [];
      return [{ type: 'ClientQuotaRecord', entity, key: KAFKAS_NAMES[field], value: amountOf(value), remove: false }];
    });
  });
}

function amountOf(value: Bytes): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(B|KB|MB|GB)$/.exec(String(value)) ?? [];
  const amount = digits === undefined ? Number(value) : Number(digits) * UNITS[unit];
  if (amount > 0) return amount;
  throw new TypeError(`'${String(value)}' is no quota: write a number above 0, or a text like '500KB', '1MB'`);
}
