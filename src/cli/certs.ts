/** `ottla certs`: an authority of your own, a certificate for the broker, and one for each client. */
import type { Command } from 'commander';
import type { CertificateFiles, KeptCertificate } from '../credentials/certificate-files.ts';
import { command } from './command-line.ts';
import { collect, wholeNumber } from './option-values.ts';
import { note, painter, printJson, printLine, printTable, type Terminal } from './terminal.ts';
import { UsageError } from './usage.ts';

interface Options {
  dir: string;
  host: string[];
  client: string[];
  days: number;
  renew?: boolean;
  json?: boolean;
}

const DIRECTORY = 'ottla-certs';
const DAY_MS = 86_400_000;
const A_YEAR = 365;
/** Ten years: as long as the authority lasts. */
const MOST_DAYS = 3650;

export function certsCommand(terminal: Terminal): Command {
  return command('certs', 'make certificates for TLS, show them, and what clients are told', [
    ['ottla certs', 'an authority and the broker’s certificate, where there are none'],
    ['ottla certs --host kafka.example.org', 'for that name, too'],
    ['ottla certs --client alice', 'one that a client shows: it is User:alice then'],
    ['ottla certs --renew', 'the broker’s anew; a running broker takes it at SIGHUP'],
  ])
    .alias('certificates')
    .option('--dir <dir>', 'where they are', DIRECTORY)
    .option(
      '--host <name>',
      'a name or address of the broker, besides this machine’s own; may be repeated',
      collect,
      [],
    )
    .option('--client <name>', 'a client; may be repeated', collect, [])
    .option('--days <n>', 'how long new ones are valid', daysOf, A_YEAR)
    .option('--renew', 'make the broker’s anew, or those of --client')
    .option('--json', 'as JSON')
    .action((options: Options) => certs(options, terminal));
}

function daysOf(text: string): number {
  const days = wholeNumber('--days', 1)(text);
  if (days <= MOST_DAYS) return days;
  throw new UsageError(`--days ${text}: the authority lasts ${MOST_DAYS} days, no certificate lasts longer`);
}

async function certs({ dir, host, client, days, renew, json }: Options, terminal: Terminal): Promise<void> {
  const { CertificateFiles: Opened } = await import('../credentials/certificate-files.ts');
  const files = new Opened(dir, () => terminal.clock.now());
  const { hosts = [] } = files.list().find(({ kind }) => kind === 'broker') ?? {};
  if (renew === true && client.length === 0) await files.issueBroker([...hosts, ...host], days);
  else await files.provide(host);
  const known = new Set(files.list().flatMap(({ name, kind }) => (kind === 'client' ? [name] : [])));
  for (const name of client) {
    if (renew !== true && known.has(name))
      note(terminal, `${files.pathOf(name)} is there already; --renew makes it anew`);
    else await files.issueClient(name, days);
  }
  if (json === true) return printJson(terminal, files.list());
  await show(files, terminal);
  await printLine(terminal, `\n${told(files, client[0])}`);
}

async function show(files: CertificateFiles, terminal: Terminal): Promise<void> {
  const paint = painter(terminal.stdout, terminal.environment);
  const now = terminal.clock.now();
  const row = ({ path, subject, hosts, expiresAtMs }: KeptCertificate): string[] => {
    const day = new Date(expiresAtMs).toISOString().slice(0, 10);
    return [
      path,
      subject,
      hosts.join(' '),
      expiresAtMs <= now ? paint('red', `${day}, over`) : leftOf(day, expiresAtMs - now),
    ];
  };
  const columns = ['FILE', 'SUBJECT', 'FOR', 'VALID UNTIL'].map((title) => ({ title }));
  await printTable(terminal, columns, files.list().map(row));
}

function leftOf(day: string, leftMs: number): string {
  return `${day}, ${Math.floor(leftMs / DAY_MS)} days`;
}

/** How a broker is started with them, and what each client is given. */
function told(files: CertificateFiles, client: string | undefined): string {
  const { authorityPath: ca, directory } = files;
  const own = client === undefined ? null : files.pathOf(client);
  const read = (path: string): string => `readFileSync('${path}')`;
  const shown = own === null ? '' : `, cert: ${read(own)}, key: ${read(own)}`;
  const sections: readonly (readonly [who: string, lines: readonly string[]])[] = [
    ['The broker', [`ottla start --tls${directory === DIRECTORY ? '' : ` --certs ${directory}`}`]],
    ['ottla', [`ottla topics --ca ${ca}${own === null ? '' : ` --cert ${own}`}`]],
    [
      'Java, and Kafka’s own tools (--command-config FILE)',
      [
        'security.protocol=SSL',
        'ssl.truststore.type=PEM',
        `ssl.truststore.location=${ca}`,
        ...(own === null ? [] : ['ssl.keystore.type=PEM', `ssl.keystore.location=${own}`]),
      ],
    ],
    [
      'librdkafka, kcat',
      [
        'security.protocol=ssl',
        `ssl.ca.location=${ca}`,
        ...(own === null ? [] : [`ssl.certificate.location=${own}`, `ssl.key.location=${own}`]),
      ],
    ],
    ['kafkajs', [`ssl: { ca: [${read(ca)}]${shown} }`]],
  ];
  const texts = sections.map(([who, lines]) => `${who}\n${lines.map((line) => `  ${line}`).join('\n')}`);
  const withUsers =
    'With --user the protocol is SASL_SSL, and clients add mechanism, name and password: docs/security.md.';
  return [...texts, withUsers].join('\n\n');
}
