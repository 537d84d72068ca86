/** Whether an address can be reached, and whether what listens there is a Kafka broker that speaks as expected. */
import { formatAddress, type Address } from '../client/address.ts';
import { reasonOf } from '../client/failure.ts';
import type { Security } from '../client/security.ts';
import { lookUp, talk, type Certificate, type LookedUp, type Talk } from '../../platform/probe.ts';
import { fail, ok, warn, type Finding } from './finding.ts';
import { greeting, speechOf, type Speech } from './speech.ts';

export interface Reached {
  readonly findings: Finding[];
  /** Whether a broker answered in the way that was asked for. */
  readonly isKafka: boolean;
}

export interface Tried extends LookedUp {
  readonly talk: Talk | null;
  readonly error: Error | null;
}

/** From the name to the first answer. */
export async function reach(address: Address, security: Security, timeoutMs: number): Promise<Reached> {
  const findings: Finding[] = [];
  let found: LookedUp[];
  try {
    found = await lookUp(address.host);
  } catch (error) {
    return { findings: [nameFailure(address, error)], isKafka: false };
  }
  const list = found.map((each) => each.address).join(', ');
  if (list !== address.host) findings.push(ok('name', `${address.host} is ${list}`));
  const send = greeting();
  const tried = await Promise.all(
    found.map(async (each): Promise<Tried> => {
      const options = { host: each.address, port: address.port, serverName: address.host, send, timeoutMs };
      try {
        return { ...each, talk: await talk({ ...options, tls: security.tls }), error: null };
      } catch (error) {
        return { ...each, talk: null, error: error as Error };
      }
    }),
  );
  for (const one of connectionFindings(address, tried, security.tls !== null)) findings.push(one);
  const answered = tried.find((each) => each.talk !== null)?.talk ?? null;
  if (answered === null) return { findings, isKafka: false };
  if (answered.certificate !== null) findings.push(certificateFinding(address, answered.certificate, security));
  let speech = speechOf(answered);
  // Servers that read lines wait for the end of one.
  if (speech === 'silent' && (await speaksHttp(address, security, timeoutMs))) speech = 'http';
  findings.push(await speechFinding(address, speech, security, timeoutMs));
  return { findings, isKafka: speech === 'kafka' };
}

function nameFailure({ host }: Address, error: unknown): Finding {
  const { code } = error as { code?: string };
  if (code === 'EAI_AGAIN') {
    return fail('name', `${host}: the name server does not answer`, 'Check the network, or use an IP address.');
  }
  const container = !host.includes('.') && host !== 'localhost';
  return fail(
    'name',
    `${host} is not a name known here (${code ?? String(error)})`,
    container
      ? 'Is it mistyped? Names of containers and of Kubernetes services are known inside their own network only: ' +
          'from outside use localhost and the published port.'
      : 'Is it mistyped? Otherwise it is not in the DNS that this machine asks: try with its IP address.',
  );
}

/** What the attempts at each address of a name say together. */
export function connectionFindings(address: Address, tried: readonly Tried[], isTls: boolean): Finding[] {
  const open = tried.filter((each) => each.talk !== null);
  const failed = tried.filter((each) => each.error !== null);
  const at = formatAddress(address);
  if (open.length === 0) return [connectionFailure(at, failed, isTls)];
  const fastest = open.reduce((least, { talk }) => Math.min(least, talk!.connectMs), Infinity);
  const findings = [ok('connection', `${at} accepts connections (${fastest.toFixed(fastest < 10 ? 1 : 0)} ms)`)];
  if (failed.length === 0) return findings;
  const [bad, good] = [failed[0], open[0]];
  const message = `${address.host} is ${bad.address} too, but ${reasonOf(bad.error)} at that one`;
  const advice =
    bad.family === 6
      ? `Clients that try IPv6 first fail or are slow. Give them ${good.address}:${address.port}, or let the broker listen on both.`
      : `Give clients ${good.family === 6 ? `[${good.address}]` : good.address}:${address.port}, or let the broker listen on both.`;
  return [...findings, warn('connection', message, advice)];
}

function connectionFailure(at: string, failed: readonly Tried[], isTls: boolean): Finding {
  const codes = new Set(failed.map(({ error }) => (error as { code?: string }).code ?? ''));
  const why = [...new Set(failed.map(({ error }) => reasonOf(error)))].join('; ');
  const isTlsFailure = [...codes].some((code) => code === 'EPROTO' || code.startsWith('ERR_SSL'));
  if (isTls && (isTlsFailure || codes.has('ECONNRESET'))) {
    return fail(
      'tls',
      `${at} does not speak TLS`,
      'It is a plain-text port: try without --tls (security.protocol=PLAINTEXT), or use the port of the TLS listener.',
    );
  }
  if (codes.has('ECONNREFUSED')) {
    return fail(
      'connection',
      `${at} refuses connections: nothing listens there`,
      'Is the broker running, and is this its port? A broker in a container needs the port published (-p 9092:9092). ' +
        '`ottla start` runs one here.',
    );
  }
  if (codes.has('ETIMEDOUT')) {
    return fail(
      'connection',
      `${at} does not answer: no connection within the time`,
      'A firewall or security group drops packets, a VPN is missing, or no machine has the address.',
    );
  }
  return fail('connection', `${at}: ${why}`, 'Check the address and the network between here and there.');
}

function certificateFinding(address: Address, certificate: Certificate, security: Security): Finding {
  const { problem, subject, validTo, protocol } = certificate;
  if (problem === null) return ok('tls', `${protocol}, certificate of ${subject}, valid to ${validTo}`);
  const message = `the certificate of ${subject} is not trusted: ${reasonOf({ code: problem, message: problem })}`;
  const names = certificate.names === '' ? subject : certificate.names;
  const advice = certificateAdvice(address, problem, validTo, names);
  return security.tls?.rejectUnauthorized === false ? warn('tls', message, advice) : fail('tls', message, advice);
}

function certificateAdvice(address: Address, problem: string, validTo: string, names: string): string {
  if (problem === 'CERT_HAS_EXPIRED') return `It was valid to ${validTo}: renew it, or set the clock of this machine.`;
  if (problem === 'CERT_NOT_YET_VALID')
    return 'The clock of this machine is behind, or the certificate is from the future.';
  if (problem === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `Connect to a name that it holds (${names}) instead of ${address.host}.`;
  return 'Give clients the authority that signed it (--ca FILE here, ssl.truststore.location in Java).';
}

const OTHERS: Partial<Record<Speech, readonly [what: string, advice: string]>> = {
  http: [
    'an HTTP server',
    'Kafka clients want the port of the broker (9092 mostly), not of a REST proxy, UI or control port.',
  ],
  ssh: ['an SSH server', 'Use the port of the broker, 9092 mostly.'],
  postgres: ['PostgreSQL', 'Use the port of the broker, 9092 mostly.'],
  redis: ['Redis', 'Use the port of the broker, 9092 mostly.'],
  other: ['something else than Kafka', 'Use the port of the broker, 9092 mostly.'],
};

async function speechFinding(address: Address, speech: Speech, { tls }: Security, timeoutMs: number): Promise<Finding> {
  const at = formatAddress(address);
  if (speech === 'kafka')
    return ok('protocol', `a Kafka broker answers${tls === null ? ' in plain text' : ' over TLS'}`);
  const other = OTHERS[speech];
  if (other !== undefined) return fail('protocol', `${at} is ${other[0]}`, other[1]);
  const mayBeTls = tls === null && (speech === 'tls' || speech === 'closed' || speech === 'reset');
  if (mayBeTls && (speech === 'tls' || (await speaksTls(address, timeoutMs)))) {
    return fail(
      'protocol',
      `${at} speaks TLS, and a plain-text client does not`,
      'Set security.protocol=SSL (or SASL_SSL) in clients; here: --tls, and --ca FILE for a private authority.',
    );
  }
  if (speech === 'silent') {
    return fail(
      'protocol',
      `${at} accepts connections and says nothing`,
      'It is no Kafka broker, or one that hangs; a load balancer may accept for a broker that is gone.',
    );
  }
  return fail(
    'protocol',
    `${at} accepts connections and closes them at once`,
    'Docker and port forwards do so when nothing listens behind them: is the broker up inside, and on that port? ' +
      'Otherwise it is no Kafka broker.',
  );
}

async function speaksHttp({ host, port }: Address, { tls }: Security, timeoutMs: number): Promise<boolean> {
  try {
    return speechOf(await talk({ host, port, send: Buffer.from('GET / HTTP/1.0\r\n\r\n'), timeoutMs, tls })) === 'http';
  } catch {
    return false;
  }
}

async function speaksTls({ host, port }: Address, timeoutMs: number): Promise<boolean> {
  try {
    await talk({ host, port, send: greeting(), timeoutMs, tls: {} });
    return true;
  } catch {
    return false;
  }
}
