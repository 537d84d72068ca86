/** ACLs and quotas by the hundred thousand, described, changed and deleted while a neighbour is held to them. */
import { DescribeAcls } from '../../../protocol/apis/29-describe-acls.ts';
import { CreateAcls } from '../../../protocol/apis/30-create-acls.ts';
import { DeleteAcls } from '../../../protocol/apis/31-delete-acls.ts';
import { DescribeClientQuotas } from '../../../protocol/apis/48-describe-client-quotas.ts';
import { AlterClientQuotas } from '../../../protocol/apis/49-alter-client-quotas.ts';
import type { Client } from '../../../protocol/client.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { STANDARD_AUTHORIZER } from '../../../src/security/acls/open-authorizer.ts';
import { anyAcl } from '../../apis/any-acl.ts';
import type { Input, Target } from '../input.ts';

const RULES = 100_000;
const AT_A_TIME = 10_000;
const CHANGES = 20;
const TOPIC = 2;
const [LITERAL, PREFIXED] = [3, 4];

/** Every tenth by a prefix of its own. */
function acl(at: number) {
  return {
    resourceType: TOPIC,
    resourceName: `acl-${at}`,
    resourcePatternType: at % 10 === 0 ? PREFIXED : LITERAL,
    principal: `User:user-${at % 1000}`,
    host: '*',
    operation: 3,
    permissionType: 3,
  };
}

function checked(errorCodes: readonly number[]): void {
  const failed = errorCodes.find((errorCode) => errorCode !== ErrorCode.NONE);
  if (failed !== undefined) throw new Error(`the broker answered ${failed}`);
}

async function create(client: Client, from: number, count: number): Promise<void> {
  const creations = Array.from({ length: count }, (_, at) => acl(from + at));
  checked((await client.send(CreateAcls, 3, { creations })).results.map(({ errorCode }) => errorCode));
}

async function createAll(target: Target): Promise<void> {
  const client = await target.connect();
  for (let from = 0; from < RULES; from += AT_A_TIME) await create(client, from, AT_A_TIME);
}

async function describeAndDelete(target: Target): Promise<void> {
  const client = await target.connect();
  const { resources } = await client.send(DescribeAcls, 3, anyAcl);
  if (resources.length < RULES - CHANGES) throw new Error(`DescribeAcls tells of ${resources.length} resources`);
  for (let at = 0; at < CHANGES; at++) {
    const resourceNameFilter = `acl-${at}`;
    const { filterResults } = await client.send(DeleteAcls, 3, { filters: [{ ...anyAcl, resourceNameFilter }] });
    checked(filterResults.map(({ errorCode }) => errorCode));
    await create(client, at, 1);
  }
  const { filterResults: all } = await client.send(DeleteAcls, 3, { filters: [anyAcl] });
  if (all[0].errorCode !== ErrorCode.POLICY_VIOLATION) throw new Error(`DeleteAcls answered ${all[0].errorCode}`);
}

async function alter(client: Client, from: number, count: number, value: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, at) => ({
    entity: [{ entityType: 'user', entityName: `user-${from + at}` }],
    ops: [{ key: 'producer_byte_rate', value, remove: false }],
  }));
  const answer = await client.send(AlterClientQuotas, 1, { entries, validateOnly: false });
  checked(answer.entries.map(({ errorCode }) => errorCode));
}

async function alterAll(target: Target): Promise<void> {
  const client = await target.connect();
  for (let from = 0; from < RULES; from += AT_A_TIME) await alter(client, from, AT_A_TIME, 1e9);
}

async function describeAndAlter(target: Target): Promise<void> {
  const client = await target.connect();
  const { entries } = await client.send(DescribeClientQuotas, 1, { components: [], strict: false });
  if (entries?.length !== RULES) throw new Error(`DescribeClientQuotas tells of ${entries?.length} entities`);
  for (let at = 0; at < CHANGES; at++) await alter(client, at, 1, 2e9 + at);
}

export const manyRules: readonly Input[] = [
  {
    name: 'many-acls',
    what: `Of ${RULES} ACLs: DescribeAcls and DeleteAcls of all, and ${CHANGES} changes`,
    settings: { 'authorizer.class.name': STANDARD_AUTHORIZER, 'allow.everyone.if.no.acl.found': 'true' },
    prepare: createAll,
    run: describeAndDelete,
  },
  {
    name: 'many-quotas',
    what: `Of the quotas of ${RULES} users: DescribeClientQuotas of all, and ${CHANGES} changes`,
    prepare: alterAll,
    run: describeAndAlter,
  },
];
