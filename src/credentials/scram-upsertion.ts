/** What a cluster is told so that a user signs in by SCRAM (KIP-554). The password stays here: the cluster learns what PBKDF2 makes of it. */
import { FEWEST_ITERATIONS, saltedPassword, SCRAM_MECHANISMS, type ScramMechanism } from '../../protocol/sasl/scram.ts';
import type { Random } from '../platform/random.ts';

export interface ScramLogin {
  readonly name: string;
  readonly password: string;
  /** The fewest that Kafka takes unless given. */
  readonly iterations?: number;
}

/** As AlterUserScramCredentials has it. */
export interface ScramUpsertion {
  readonly name: string;
  /** By KIP-554's number. */
  readonly mechanism: number;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly saltedPassword: Buffer;
}

const SALT_BYTES = 26; // as many as Kafka makes

/** Takes milliseconds for thousands of iterations. */
export function scramUpsertion(
  mechanism: ScramMechanism,
  { name, password, iterations = FEWEST_ITERATIONS }: ScramLogin,
  random: Random,
): ScramUpsertion {
  const salt = Buffer.alloc(SALT_BYTES);
  random.fill(salt);
  const salted = saltedPassword(mechanism, password, salt, iterations);
  return { name, mechanism: SCRAM_MECHANISMS[mechanism].code, iterations, salt, saltedPassword: salted };
}
