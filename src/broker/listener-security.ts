/** What stands between a listener's port and its requests, by its security protocol. A listener of PLAINTEXT has nothing there. */
import type { X509Certificate } from 'node:crypto';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { writeResponseHeader, type RequestHeader } from '../../protocol/header.ts';
import { InvalidRequest, type Reader } from '../../protocol/reader.ts';
import { includes } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { Handler } from '../apis/handler.ts';
import { ConfigError } from '../config/definition.ts';
import { ListenerSettings } from '../config/listener-settings.ts';
import type { Endpoint } from '../config/listeners.ts';
import { nodeFiles } from '../platform/files.ts';
import type { Network } from '../platform/network.ts';
import type { SecureContext } from '../platform/tls-network.ts';
import { AuthenticationFailures } from '../security/authentication-failures.ts';
import type { Gate } from '../security/gate.ts';
import type { Principal } from '../security/principal.ts';
import { SaslGate, type AuthenticatedConnection } from '../security/sasl/exchange.ts';
import { saslListener } from '../security/sasl/listener.ts';
import type { Login } from '../security/sasl/password.ts';
import { ScramSecret } from '../security/sasl/scram.ts';
import {
  jaasFile,
  jaasPathIn,
  knowsPasswords,
  refusePrincipalBuilder,
  type JaasFile,
} from '../security/sasl/settings.ts';
import type { Session } from '../security/session.ts';
import type { Handshakes } from '../security/tls/handshakes.ts';
import { readStoreFile } from '../security/tls/stores.ts';
import { StoreReloads } from '../security/tls/reloads.ts';
import { TlsListener, type TlsNeeds } from '../security/tls/listener.ts';

export interface ListenerSecurity {
  readonly network: Network;
  /** Its connections begin with a handshake. */
  readonly isTls: boolean;
  /** Over TLS: who a client is by its certificate, or why it may not come in. Null where that is not asked for. */
  readonly principalOf: ((certificate: X509Certificate | null) => Principal | string) | null;
  /** Its key and trust stores; null without TLS. */
  readonly stores: StoreReloads | null;
  /** Whether its clients have certificates that say who they are, from now on. */
  readonly asksCertificates: boolean;
  /** Signs in a person by a password; null where that cannot be. */
  readonly signIn: SignIn | null;
  /** Of a connection that has just come; null: its client need not authenticate. */
  gate(session: Session, connection: AuthenticatedConnection): Gate | null;
}

/** The session of who has signed in, after `before`; null for a wrong password. */
export type SignIn = (before: Session, login: Login) => Promise<Session | null>;

export type SecureListener = (endpoint: Endpoint) => ListenerSecurity | Promise<ListenerSecurity>;

export interface SecurityNeeds {
  readonly parts: Pick<
    BrokerParts,
    'clock' | 'random' | 'logger' | 'metadata' | 'layers' | 'storeChanges' | 'delegationTokens'
  >;
  readonly network: Network;
  readonly handlers: readonly Pick<Handler, 'api' | 'refuse' | 'versions'>[];
  /** KAFKA_OPTS, where Kafka's scripts name a JAAS file. */
  readonly javaOptions: string | undefined;
  /** Of tests. */
  readonly handshakes?: Handshakes | null;
  /** Told the listener of each client that could not authenticate. */
  readonly failed?: (listener: string) => void;
}

function openTo(network: Network): ListenerSecurity {
  return {
    network,
    isTls: false,
    principalOf: null,
    stores: null,
    asksCertificates: false,
    signIn: null,
    gate: () => null,
  };
}

/** @throws {ConfigError} for settings of a listener that cannot be served */
export function listenerSecurity({
  parts,
  network,
  handlers,
  javaOptions,
  handshakes,
  failed,
}: SecurityNeeds): SecureListener {
  const { clock, random, logger, metadata, storeChanges, delegationTokens } = parts;
  const shared = once(() => ({
    failures: new AuthenticationFailures(clock, logger, failed),
    secret: new ScramSecret(random),
    jaasFile: readJaasFile(javaOptions),
  }));
  const overSasl = async (settings: ListenerSettings): Promise<Pick<ListenerSecurity, 'gate' | 'signIn'>> => {
    const listener = await saslListener(settings, {
      ...shared(),
      clock,
      random,
      logger,
      image: () => metadata.image,
      tokenCredential: async (mechanism, tokenId) => (await delegationTokens?.credentialOf(mechanism, tokenId)) ?? null,
      refusal: refusals(handlers),
    });
    return {
      gate: (session, connection) => new SaslGate(listener, session, connection),
      signIn: [...listener.mechanisms().keys()].some(knowsPasswords)
        ? async (before, login) =>
            (await import('../security/sasl/password.ts')).signInByPassword(listener, before, login, random)
        : null,
    };
  };
  return async ({ name, protocol }) => {
    const settings = new ListenerSettings(() => parts.layers, name);
    refusePrincipalBuilder(settings);
    if (protocol === 'PLAINTEXT') return openTo(network);
    const isSasl = protocol.startsWith('SASL');
    const security = protocol.endsWith('SSL')
      ? await overTls(settings, isSasl, network, {
          clock,
          random,
          logger,
          storeChanges,
          handshakes: handshakes ?? null,
          failures: shared().failures,
        })
      : openTo(network);
    return isSasl
      ? { ...security, principalOf: null, asksCertificates: false, ...(await overSasl(settings)) }
      : security;
  };
}

type TlsParts = Omit<TlsNeeds, 'readFile'> &
  Pick<BrokerParts, 'storeChanges'> & {
    readonly failures: AuthenticationFailures;
    readonly handshakes: Handshakes | null;
  };

async function overTls(
  settings: ListenerSettings,
  isSasl: boolean,
  network: Network,
  { failures, storeChanges, handshakes, clock, random, logger }: TlsParts,
): Promise<ListenerSecurity> {
  const library = await import('../platform/tls-network.ts'); // with it comes node:tls, which is slow to load
  const listener = await TlsListener.open(
    settings,
    isSasl,
    { clock, random, logger, readFile: readStoreFile },
    library,
  );
  storeChanges?.add(listener);
  const failed = (from: string, reason: string): void =>
    failures.failed({ from, listener: settings.listener, mechanism: 'TLS', user: null, software: null, reason });
  return {
    ...openTo(network),
    isTls: true,
    get asksCertificates() {
      return listener.clientAuth !== 'none';
    },
    network: library.tlsNetwork(network, {
      context: () => listener.context,
      clientAuth: () => listener.clientAuth,
      failed,
      ...(handshakes === null ? {} : { interfere: () => interfere(handshakes, listener) }),
    }),
    principalOf: (certificate) => listener.principalOf(certificate),
    stores: new StoreReloads(
      settings.listener,
      listener,
      clock,
      logger,
      settings.value('ottla.ssl.reload.interval.ms'),
    ),
  };
}

function interfere(handshakes: Handshakes, listener: TlsListener): Promise<SecureContext | null> | null {
  const next = handshakes.next();
  if (next === null) return null;
  return next.then((how) => {
    if (how === 'closed') return null;
    return how === 'as it is' ? listener.context : listener.contextWith(how);
  });
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** @throws {ConfigError} where KAFKA_OPTS names a file that is none */
export function readJaasFile(javaOptions: string | undefined): JaasFile | null {
  const path = jaasPathIn(javaOptions);
  if (path === null) return null;
  if (!nodeFiles.exists(path)) throw new ConfigError(`KAFKA_OPTS names the JAAS file ${path}, and there is none`);
  return jaasFile(path, nodeFiles.readAll(path).toString());
}

/** The answer of its own to a request that nobody handles, as Kafka's getErrorResponse. */
function refusals(handlers: SecurityNeeds['handlers']) {
  const byKey = new Map(handlers.map((handler) => [handler.api.key, handler]));
  return ({ apiKey, apiVersion, correlationId }: RequestHeader, body: Reader, errorCode: number): Buffer | null => {
    const handler = byKey.get(apiKey);
    if (handler === undefined || !includes(handler.versions, apiVersion)) return null;
    const { api } = handler;
    try {
      const response = handler.refuse(requestCodec(api, apiVersion).decode(body), errorCode);
      const writer = new Writer();
      writeResponseHeader(writer, api, apiVersion, correlationId);
      responseCodec(api, apiVersion).encode(writer, response as never);
      return writer.finish();
    } catch (error) {
      if (error instanceof InvalidRequest) return null;
      throw error;
    }
  };
}
