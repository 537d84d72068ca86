/** What a listener of TLS serves with: the context of its handshakes, made anew when its stores change, and its clients' names. */
import { ConfigError } from '../../config/definition.ts';
import type { ListenerSettings } from '../../config/listener-settings.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type * as tls from '../../platform/tls-network.ts';
import { ANONYMOUS, user, type Principal } from '../principal.ts';
import { subjectOf } from './distinguished-name.ts';
import { PrincipalMapping } from './principal-mapping.ts';
import { tlsVersions } from './settings.ts';
import { readKeyMaterial, readTrust, type KeyMaterial, type StoreKey, type StoreReader } from './stores.ts';

export interface TlsNeeds {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly readFile: StoreReader['readFile'];
}

type ClientAuth = 'none' | 'requested' | 'required';

const STORE_KEYS: readonly StoreKey[] = [
  ...(['type', 'location', 'password', 'key', 'certificate.chain'] as const).map(
    (part) => `ssl.keystore.${part}` as const,
  ),
  'ssl.key.password',
  ...(['type', 'location', 'password', 'certificates'] as const).map((part) => `ssl.truststore.${part}` as const),
];
const SESSION_SECONDS = 300;
const TICKET_KEY_BYTES = 48;
/** OpenSSL's SSL_OP_NO_RENEGOTIATION. */
const NO_RENEGOTIATION = 0x40000000;
const SESSION_ID_CONTEXT = 'ottla';

export class TlsListener {
  readonly clientAuth: ClientAuth;
  readonly #settings: ListenerSettings;
  readonly #needs: TlsNeeds;
  readonly #library: typeof tls;
  readonly #mapping: PrincipalMapping;
  #context!: tls.SecureContext;
  #material!: KeyMaterial;

  private constructor(settings: ListenerSettings, clientAuth: ClientAuth, needs: TlsNeeds, library: typeof tls) {
    this.#settings = settings;
    this.#needs = needs;
    this.#library = library;
    this.clientAuth = clientAuth;
    this.#mapping = new PrincipalMapping(settings.text('ssl.principal.mapping.rules') ?? 'DEFAULT');
  }

  /** `isSasl`: the client's name is SASL's, and ssl.client.auth counts only where it is set for the listener itself, as in Kafka. */
  static async open(
    settings: ListenerSettings,
    isSasl: boolean,
    needs: TlsNeeds,
    library: typeof tls,
  ): Promise<TlsListener> {
    const isOwn = settings.own('ssl.client.auth') !== null;
    const wanted = settings.value('ssl.client.auth') as ClientAuth;
    if (isSasl && !isOwn && wanted !== 'none') {
      const message = `ssl.client.auth=${wanted} counts on a listener with SASL only as ${settings.nameOf('ssl.client.auth')}`;
      needs.logger.warn('configuration', { message });
    }
    const listener = new TlsListener(settings, isSasl && !isOwn ? 'none' : wanted, needs, library);
    await listener.reload();
    return listener;
  }

  get context(): tls.SecureContext {
    return this.#context;
  }

  /** The certificate that it serves with. */
  get material(): KeyMaterial {
    return this.#material;
  }

  get fingerprint(): string {
    return JSON.stringify(STORE_KEYS.map((key) => this.#settings.text(key)));
  }

  /** Reads the stores again; connections that are open stay. @throws {ConfigError} and rejects with it: then the old ones serve on */
  async reload(): Promise<void> {
    const { clock, logger, random, readFile } = this.#needs;
    const settings = this.#settings;
    const reader: StoreReader = {
      readFile,
      now: () => clock.now(),
      warn: (message) => logger.warn('configuration', { message }),
    };
    const material = await readKeyMaterial(settings, reader);
    if (material === null) {
      throw new ConfigError(
        `listener ${settings.listener} speaks TLS and has no certificate: set ${settings.nameOf('ssl.keystore.location')}, ` +
          `or ${settings.nameOf('ssl.keystore.key')} and ${settings.nameOf('ssl.keystore.certificate.chain')}`,
      );
    }
    const trusted = await readTrust(settings, reader);
    const { createSecureContext, getCiphers } = this.#library;
    const { minVersion, maxVersion, ciphers } = tlsVersions(settings, getCiphers());
    const ticketKeys = Buffer.alloc(TICKET_KEY_BYTES);
    random.fill(ticketKeys); // those of before are void
    this.#context = createSecureContext({
      key: material.key,
      cert: material.chain.join(''),
      ...(trusted === null ? {} : { ca: [...trusted] }),
      minVersion,
      maxVersion,
      ...(ciphers === undefined ? {} : { ciphers }),
      honorCipherOrder: true,
      secureOptions: NO_RENEGOTIATION,
      sessionIdContext: SESSION_ID_CONTEXT,
      sessionTimeout: SESSION_SECONDS,
      ticketKeys,
    });
    this.#material = material;
  }

  /** Who a client is by the certificate that it has shown; a text says why it is nobody that is let in. */
  principalOf(certificate: { readonly raw: Uint8Array; readonly validTo: string } | null): Principal | string {
    if (certificate === null) return ANONYMOUS;
    if (Date.parse(certificate.validTo) <= this.#needs.clock.now()) {
      return `its certificate has expired on ${certificate.validTo}`;
    }
    const subject = subjectOf(certificate.raw);
    const name = this.#mapping.nameOf(subject);
    return name === null
      ? `no rule of ssl.principal.mapping.rules applies to its certificate's subject ${subject}`
      : user(name);
  }
}
