/** SCRAM credentials of users (KIP-554): what an alteration makes of them. Passwords are never here, only keys made of them. */
import { ErrorCode } from '../../protocol/errors.ts';
import {
  FEWEST_ITERATIONS,
  MOST_ITERATIONS,
  SCRAM_MECHANISMS,
  scramKeys,
  type ScramMechanism,
} from '../../protocol/sasl/scram.ts';
import { scramKey, type ClusterImage } from './image.ts';
import { eachInPieces, mapInPieces, type Pieces } from '../platform/pieces.ts';
import type { MetadataDraft } from './metadata-records.ts';

export interface ScramDeletion {
  readonly name: string;
  readonly mechanism: number;
}

export interface ScramUpsertion extends ScramDeletion {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly saltedPassword: Uint8Array;
}

export interface ScramResult {
  readonly user: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

type Refusal = Omit<ScramResult, 'user'>;

/** By KIP-554's numbers. */
const MECHANISMS = new Map(
  Object.entries(SCRAM_MECHANISMS).map(([name, { code }]) => [code, name as ScramMechanism] as const),
);
/** metadata.version 3.5-IV2: the log of an earlier one may not hold credentials. */
const SCRAM_SINCE = 11;
const TOO_EARLY: Refusal = {
  errorCode: ErrorCode.UNSUPPORTED_VERSION,
  errorMessage: 'The current metadata.version does not support SCRAM',
};
const TWICE: Refusal = {
  errorCode: ErrorCode.DUPLICATE_RESOURCE,
  errorMessage: 'A user credential cannot be altered twice in the same request',
};

const MISSING: Refusal = {
  errorCode: ErrorCode.RESOURCE_NOT_FOUND,
  errorMessage: 'Attempt to delete a user credential that does not exist',
};

/** One result for each user; a user whose part is in order is altered whatever the others are. */
export function* alterScramCredentials(
  deletions: readonly ScramDeletion[],
  upsertions: readonly ScramUpsertion[],
  { features, scramCredentials }: Pick<ClusterImage, 'features' | 'scramCredentials'>,
): Pieces<{ results: ScramResult[]; records: MetadataDraft[] }> {
  const refused = new Map<string, Refusal>();
  const planned = new Map<string, MetadataDraft>();
  const unsupported = (features.get('metadata.version') ?? 0) < SCRAM_SINCE ? TOO_EARLY : null;
  const plan = (user: string, refusal: () => Refusal | null, record: () => MetadataDraft): void => {
    if (refused.has(user)) return;
    const fault = planned.delete(user) ? TWICE : (unsupported ?? refusal());
    if (fault === null) planned.set(user, record());
    else refused.set(user, fault);
  };
  yield* eachInPieces(deletions, ({ name, mechanism }) => {
    const record: MetadataDraft = { type: 'RemoveUserScramCredentialRecord', name, mechanism };
    plan(
      name,
      () => nameFault(name, mechanism) ?? (scramCredentials.has(scramKey(mechanism, name)) ? null : MISSING),
      () => record,
    );
  });
  yield* eachInPieces(upsertions, (upsertion) => {
    plan(
      upsertion.name,
      () => nameFault(upsertion.name, upsertion.mechanism) ?? strengthFault(upsertion),
      () => credential(upsertion),
    );
  });
  const done = { errorCode: ErrorCode.NONE, errorMessage: null };
  const results: ScramResult[] = yield* mapInPieces(planned.keys(), (user) => ({ user, ...done }));
  yield* eachInPieces(refused, ([user, refusal]) => void results.push({ user, ...refusal }));
  return { results, records: [...planned.values()] };
}

/** Faults in Kafka's sentences. */
function nameFault(name: string, mechanism: number): Refusal | null {
  if (name === '') return unacceptable('Username must not be empty');
  if (MECHANISMS.has(mechanism)) return null;
  return {
    errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM,
    errorMessage: 'Unknown SCRAM mechanism',
  };
}

function strengthFault({ iterations, saltedPassword }: ScramUpsertion): Refusal | null {
  if (iterations < FEWEST_ITERATIONS) return unacceptable('Too few iterations');
  if (iterations > MOST_ITERATIONS) return unacceptable('Too many iterations');
  return saltedPassword.length === 0 ? unacceptable('There is no salted password') : null;
}

function unacceptable(errorMessage: string): Refusal {
  return { errorCode: ErrorCode.UNACCEPTABLE_CREDENTIAL, errorMessage };
}

/** The keys that RFC 5802 has a server keep: with them it can check a password, and a thief cannot log in by them. */
function credential({ name, mechanism, iterations, salt, saltedPassword }: ScramUpsertion): MetadataDraft {
  const keys = scramKeys(MECHANISMS.get(mechanism)!, saltedPassword);
  return { type: 'UserScramCredentialRecord', name, mechanism, iterations, salt, ...keys };
}
