/** How a process of a cluster connects to the others: as their listener asks for it, by the same settings as its own. */
import type { ConnectionOptions } from 'node:tls';
import { oauthBearerClient, plainClient, type SaslClient } from '../../protocol/sasl/client.ts';
import { isScram, type ScramMechanism } from '../../protocol/sasl/scram.ts';
import { ScramClient } from '../../protocol/sasl/scram-client.ts';
import { ConfigError } from '../config/definition.ts';
import { ListenerSettings } from '../config/listener-settings.ts';
import type { BrokerLayers } from '../config/layers.ts';
import type { Endpoint } from '../config/listeners.ts';
import { signedInNetwork } from '../peers/signed-in-network.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Network } from '../platform/network.ts';
import { randomUuid, type Random } from '../platform/random.ts';
import { BearerTokens, type TokenSettings } from '../security/sasl/bearer-token.ts';
import { loginModule, moduleFor, type JaasFile } from '../security/sasl/settings.ts';
import { subjectOf } from '../security/tls/distinguished-name.ts';
import { notReloaded } from '../security/tls/reloads.ts';
import { anchors, isTrusted } from '../security/tls/trust.ts';
import { readKeyMaterial, readStoreFile, readTrust } from '../security/tls/stores.ts';
import { readJaasFile } from './listener-security.ts';

export type MechanismKey = 'sasl.mechanism.inter.broker.protocol' | 'sasl.mechanism.controller.protocol';

export interface PeerNeeds {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly layers: () => BrokerLayers;
  /** KAFKA_OPTS, where a JAAS file may stand. */
  readonly javaOptions: string | undefined;
}

/** Stores that have just been read are not read again: who is not there is tried many times a second. */
const STORES_MS = 5000;

/**
 * To whoever listens as this endpoint of our own does.
 * @throws {ConfigError} and rejects with it, where the settings do not say how
 */
export async function peerNetwork(
  { name, protocol }: Pick<Endpoint, 'name' | 'protocol'>,
  mechanismKey: MechanismKey,
  needs: PeerNeeds,
): Promise<Network> {
  if (protocol === 'PLAINTEXT') return needs.network;
  const settings = new ListenerSettings(needs.layers, name);
  const transport = protocol.endsWith('SSL') ? await overTls(settings, needs) : needs.network;
  if (!protocol.startsWith('SASL')) return transport;
  const { clock, random, javaOptions } = needs;
  const mechanism = mechanismOf(settings, mechanismKey);
  const file = readJaasFile(javaOptions);
  if (mechanism === 'OAUTHBEARER') {
    const tokens = new BearerTokens(() => tokenSettings(settings, file), clock);
    return signedInNetwork(transport, { clock, login: async () => oauthBearerClient(await tokens.current()) });
  }
  const login = passwordLogin(settings, mechanism, file, random);
  login(); // refused now, not at the first connection
  return signedInNetwork(transport, { clock, login });
}

type PasswordMechanism = 'PLAIN' | ScramMechanism;

function mechanismOf(settings: ListenerSettings, mechanismKey: MechanismKey): PasswordMechanism | 'OAUTHBEARER' {
  const mechanism = settings.value(mechanismKey);
  if (mechanism !== 'PLAIN' && mechanism !== 'OAUTHBEARER' && !isScram(mechanism)) {
    throw new ConfigError(
      `${mechanismKey}=${mechanism}: brokers and controllers sign in at ${settings.listener} by PLAIN, SCRAM-SHA-256, ` +
        'SCRAM-SHA-512 or OAUTHBEARER: write one of them',
    );
  }
  const enabled = settings.value('sasl.enabled.mechanisms');
  if (!enabled.includes(mechanism)) {
    throw new ConfigError(
      `${mechanismKey}=${mechanism} must be among sasl.enabled.mechanisms, which are ${enabled.join(', ')}`,
    );
  }
  return mechanism;
}

function tokenSettings(settings: ListenerSettings, file: JaasFile | null): TokenSettings {
  return {
    text: (key) => settings.text(key, 'OAUTHBEARER'),
    nameOf: (key) => settings.nameOf(key, 'OAUTHBEARER'),
    options: loginModule(settings, 'OAUTHBEARER', file)?.options ?? new Map<string, string>(),
  };
}

function passwordLogin(
  settings: ListenerSettings,
  mechanism: PasswordMechanism,
  file: JaasFile | null,
  random: Random,
): () => SaslClient {
  return () => {
    const options = loginModule(settings, mechanism, file)?.options;
    const [user, password] = [options?.get('username'), options?.get('password')];
    if (user === undefined || password === undefined) {
      throw new ConfigError(
        `${settings.nameOf('sasl.jaas.config', mechanism)} does not say who this broker is: write ` +
          `${moduleFor(mechanism)} required username="…" password="…";`,
      );
    }
    return mechanism === 'PLAIN'
      ? plainClient(user, password)
      : new ScramClient(mechanism, { user, password }, randomUuid(random));
  };
}

async function overTls(settings: ListenerSettings, { network, clock, logger }: PeerNeeds): Promise<Network> {
  const { tlsNetwork } = await import('../platform/tls-network.ts');
  const connection = storesOf(settings, clock, logger);
  await connection(); // refused now, not at the first connection
  return tlsNetwork(network, null, { connection });
}

/** What this process shows and trusts, as the stores are now: where they cannot be used, as they were before. */
function storesOf(settings: ListenerSettings, clock: Clock, logger: Logger): () => Promise<ConnectionOptions> {
  const reader = {
    readFile: readStoreFile,
    now: () => clock.now(),
    warn: (message: string) => logger.warn('configuration', { message }),
  };
  const read = async (): Promise<ConnectionOptions> => {
    const [own, trusted] = [await readKeyMaterial(settings, reader), await readTrust(settings, reader)];
    if (own !== null && trusted !== null && !isTrusted(own.chain, trusted)) {
      throw new ConfigError(
        `listener ${settings.listener}: its trust store does not trust its own certificate (${subjectOf(own.certificate.raw)}), so that ` +
          `brokers could not connect to one another: add the authority that has signed it to ${settings.nameOf('ssl.truststore.location')}`,
      );
    }
    const isNameChecked = (settings.text('ssl.endpoint.identification.algorithm') ?? '').trim() !== '';
    return {
      ...(trusted === null ? {} : anchors(trusted)),
      ...(own === null ? {} : { cert: own.chain.join(''), key: own.key }),
      ...(isNameChecked ? {} : { checkServerIdentity: () => undefined }),
    };
  };
  let good: ConnectionOptions | null = null;
  /** Stores may be half written, or one of two not there yet. */
  const newest = async (): Promise<ConnectionOptions> => {
    try {
      return (good = await read());
    } catch (error) {
      if (good === null) throw error;
      logger.error('stores-not-reloaded', notReloaded(settings.listener, error as Error));
      return good;
    }
  };
  let known: { readonly atMs: number; readonly options: Promise<ConnectionOptions> } | null = null;
  return () => {
    const atMs = clock.monotonic();
    if (known === null || atMs - known.atMs > STORES_MS) known = { atMs, options: newest() };
    return known.options;
  };
}
