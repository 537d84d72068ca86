/** The users of SCRAM, which lie in a cluster's metadata (KIP-554). */
import { DescribeUserScramCredentials } from '../../../protocol/apis/50-describe-user-scram-credentials.ts';
import { AlterUserScramCredentials } from '../../../protocol/apis/51-alter-user-scram-credentials.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { RequestDraft } from '../../../protocol/schema.ts';
import { SCRAM_MECHANISMS, type ScramMechanism } from '../../../protocol/sasl/scram.ts';
import { scramUpsertion } from '../../credentials/scram-upsertion.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Cluster } from './cluster.ts';
import { refuse } from './failure.ts';

export interface ScramUser {
  readonly name: string;
  readonly credentials: readonly { readonly mechanism: ScramMechanism; readonly iterations: number }[];
}

/** Of these names, or all; users that are not there are left out. */
export async function listUsers(cluster: Cluster, names: readonly string[] | null = null): Promise<ScramUser[]> {
  const users = names === null ? null : names.map((name) => ({ name }));
  const answer = await cluster.sendAny(DescribeUserScramCredentials, { users });
  refuse('the users', answer.errorCode, answer.errorMessage);
  return answer.results.flatMap(({ user: name, errorCode, errorMessage, credentialInfos }) => {
    if (errorCode === ErrorCode.RESOURCE_NOT_FOUND) return [];
    refuse(`user ${name}`, errorCode, errorMessage);
    const credentials = credentialInfos.map(({ mechanism, iterations }) => ({
      mechanism: named(mechanism),
      iterations,
    }));
    return [{ name, credentials }];
  });
}

/** The broker never learns the password itself. */
export async function setPassword(
  cluster: Cluster,
  name: string,
  password: string,
  { mechanisms, iterations }: { readonly mechanisms: readonly ScramMechanism[]; readonly iterations: number },
): Promise<void> {
  for (const mechanism of mechanisms) {
    const upsertion = scramUpsertion(mechanism, { name, password, iterations }, systemRandom);
    await alter(cluster, { deletions: [], upsertions: [upsertion] });
  }
}

export async function removeUser(cluster: Cluster, { name, credentials }: ScramUser): Promise<void> {
  for (const { mechanism } of credentials) {
    await alter(cluster, { deletions: [{ name, mechanism: SCRAM_MECHANISMS[mechanism].code }], upsertions: [] });
  }
}

/** A request alters each user once. */
async function alter(cluster: Cluster, changes: RequestDraft<typeof AlterUserScramCredentials>): Promise<void> {
  await cluster.sendToController(AlterUserScramCredentials, changes, ({ results }) => {
    for (const { user, errorCode, errorMessage } of results) refuse(`user ${user}`, errorCode, errorMessage);
  });
}

const NAMES = Object.entries(SCRAM_MECHANISMS) as [ScramMechanism, { readonly code: number }][];

function named(code: number): ScramMechanism {
  return NAMES.find(([, facts]) => facts.code === code)![0];
}
