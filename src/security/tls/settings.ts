/** Which versions and ciphers of TLS a listener speaks, and what is refused at start. */
import { ConfigError } from '../../config/definition.ts';
import type { ListenerSettings } from '../../config/listener-settings.ts';

export interface TlsVersions {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  /** As OpenSSL names them; undefined: its own choice. */
  readonly ciphers: string | undefined;
}

/** `known`: the ciphers that this Node has, in lower case. @throws {ConfigError} for what is not served */
export function tlsVersions(settings: ListenerSettings, known: readonly string[]): TlsVersions {
  const enabled = settings.value('ssl.enabled.protocols');
  const key = settings.nameOf('ssl.enabled.protocols');
  for (const version of enabled) {
    if (version === 'TLSv1.2' || version === 'TLSv1.3') continue;
    throw new ConfigError(`${key}: ${version} is not served: write TLSv1.2,TLSv1.3, or one of them`);
  }
  if (enabled.length === 0) throw new ConfigError(`${key} is empty: write TLSv1.2,TLSv1.3`);
  const preferred = settings.value('ssl.protocol');
  if (!['TLS', 'TLSv1.2', 'TLSv1.3'].includes(preferred)) {
    throw new ConfigError(`${settings.nameOf('ssl.protocol')}=${preferred} is not served: write TLSv1.3 or TLSv1.2`);
  }
  refuseJava(settings);
  return {
    minVersion: enabled.includes('TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3',
    maxVersion: enabled.includes('TLSv1.3') ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: ciphersOf(settings, known),
  };
}

function ciphersOf(settings: ListenerSettings, known: readonly string[]): string | undefined {
  const suites = settings.value('ssl.cipher.suites');
  if (suites.length === 0) return undefined;
  const names = suites.map((suite) => {
    const name = [suite, openSslName(suite)].find((each) => known.includes(each.toLowerCase()));
    if (name !== undefined) return name;
    throw new ConfigError(
      `${settings.nameOf('ssl.cipher.suites')}: there is no cipher ${suite}, or this Node does not have it`,
    );
  });
  return names.join(':');
}

/** Of Java's name of a suite of TLS 1.2: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is ECDHE-RSA-AES128-GCM-SHA256. */
function openSslName(suite: string): string {
  const [, exchange, cipher] = /^TLS_(.+)_WITH_(.+)$/.exec(suite) ?? [];
  if (exchange === undefined) return suite;
  const short = cipher
    .replace(/AES_(\d+)/, 'AES$1')
    .replace(/_CBC_/, '_')
    .replace(/CHACHA20_POLY1305_SHA256/, 'CHACHA20_POLY1305');
  return `${exchange === 'RSA' ? '' : `${exchange}_`}${short}`.replaceAll('_', '-');
}

/** Java's key managers differ in which of several keys they choose, and a listener has one. PKIX is another name of NewSunX509. */
const KEY_MANAGERS = ['SunX509', 'NewSunX509', 'PKIX'];

/** What Java would do otherwise: what changes nothing is taken, another is refused, for it would have no effect. */
function refuseJava(settings: ListenerSettings): void {
  const known: readonly (readonly [Parameters<ListenerSettings['text']>[0], readonly string[]])[] = [
    ['ssl.engine.factory.class', []],
    ['ssl.provider', []],
    ['ssl.keymanager.algorithm', KEY_MANAGERS],
    ['ssl.trustmanager.algorithm', ['PKIX']],
    ['ssl.secure.random.implementation', []],
  ];
  for (const [key, taken] of known) {
    const text = settings.text(key);
    if (text === null || text === '' || taken.includes(text)) continue;
    const what = taken.length === 0 ? 'remove it' : `leave it at ${taken[0]}`;
    throw new ConfigError(`${settings.nameOf(key)}=${text} is for Java, and has no effect here: ${what}`);
  }
}
