/** Users, ACLs, certificates and tokens of a broker elsewhere. */
import { checkKeys } from '../testing/known-keys.ts';
import type { Denial, Throttle } from '../testing/refusals.ts';
import type {
  ClientChoice,
  ClientOptions,
  TestCertificates,
  TestOAuth,
  TestUsers,
} from '../testing/security-options.ts';
import type { AclExplanation, TestAcls } from '../testing/test-acls.ts';
import type { ControlPort } from './control-port.ts';

/** As the control port has them: tokens are fetched for themselves. */
type OptionsJson = Pick<ClientOptions, 'ssl'> & {
  readonly sasl?: { readonly mechanism: string; readonly username?: string; readonly password?: string };
};

export function remoteUsers(port: ControlPort): TestUsers {
  const set = (name: string, password: string): Promise<void> => port.call('POST', '/users', { name, password });
  const list = (): readonly string[] => port.get<string[]>('/users');
  return {
    add: set,
    async setPassword(name, password) {
      const names = list();
      if (!names.includes(name)) throw new TypeError(`there is no user '${name}' (there are: ${names.join(', ')})`);
      return set(name, password);
    },
    remove: (name) => port.call('DELETE', `/users/${encodeURIComponent(name)}`),
    get names() {
      return list();
    },
  };
}

export function remoteAcls(port: ControlPort): TestAcls {
  return {
    add: (user, ...lines) => port.call('POST', '/acls', { user, lines }),
    remove: (user, ...lines) => port.call('POST', '/acls/remove', { user, lines }),
    list: () => port.get<Record<string, string[]>>('/acls'),
    explain: (user, operation, resource, host) =>
      port.callNow<AclExplanation>('POST', '/acls/explain', {
        user,
        operation,
        ...resource,
        ...(host === undefined ? {} : { host }),
      }),
  };
}

export function remoteCertificates(port: ControlPort): TestCertificates {
  return {
    get authority() {
      return port.get<{ authority: string }>('/certificates').authority;
    },
    issue: (name, options = {}) => {
      checkKeys('certificates.issue', options, { expiresIn: true, subject: true });
      return port.call('POST', '/certificates', { name, ...options });
    },
    rotate: () => port.call('POST', '/certificates/rotate'),
    expire: () => port.call('POST', '/certificates/expire'),
  };
}

export function remoteOAuth(port: ControlPort): TestOAuth {
  return {
    token: (user, options = {}) => port.callNow<{ token: string }>('POST', '/tokens', { user, ...options }).token,
  };
}

/** `brokers` as clients here reach it. */
export function remoteClientOptions(
  port: ControlPort,
  brokers: string[],
  user: string | undefined,
  { mechanism }: ClientChoice,
): ClientOptions {
  const { ssl, sasl } = port.get<OptionsJson>('/client-options', { user, mechanism });
  const overTls = ssl === undefined ? {} : { ssl };
  if (sasl === undefined) return { brokers, ...overTls };
  if (sasl.mechanism !== 'oauthbearer') return { brokers, ...overTls, sasl: sasl as ClientOptions['sasl'] };
  const oauthBearerProvider = async (): Promise<{ value: string }> => {
    return { value: (await port.call<{ token: string }>('POST', '/tokens', { user })).token };
  };
  return { brokers, ...overTls, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } };
}

/** `bootstrapServers` as clients here reach it. */
export function remoteProperties(
  port: ControlPort,
  bootstrapServers: string,
  user: string | undefined,
  { mechanism }: ClientChoice,
): Record<string, string> {
  const told = port.get<Record<string, string>>('/client-properties', { user, mechanism });
  return { ...told, 'bootstrap.servers': bootstrapServers };
}

export interface RemoteRefusals {
  readonly denials: readonly Denial[];
  readonly throttles: readonly Throttle[];
}
