/** `ottla doctor`: explains why a client cannot connect, or cannot work once it has. */
import type { Command } from 'commander';
import { formatAddress, parseAddresses, type Address } from './client/address.ts';
import { Cluster } from './client/cluster.ts';
import type { LinkOptions } from './client/link.ts';
import { command } from './command-line.ts';
import { brokersOf, securityOf, withSecurity, type ConnectionOptions } from './connection-options.ts';
import { advertisedFindings } from './doctor/advertised.ts';
import { reach } from './doctor/connection.ts';
import { clockFindings } from './doctor/clock.ts';
import type { Finding } from './doctor/finding.ts';
import { factorFindings, stateFindings } from './doctor/health.ts';
import { signIn } from './doctor/sign-in.ts';
import { painter, printJson, printLine, widest, type Style, type Terminal } from './terminal.ts';

const NOTES = `
It looks at names, IPv4 and IPv6, TLS, sign-in, API versions, the addresses the cluster gives to clients, its controller,
leaders, internal topics and clocks, and changes nothing. It exits with 1 when something keeps clients from working.`;

export function doctorCommand(terminal: Terminal, outcome: { exitCode: number }): Command {
  const doctor = command('doctor', 'explain why a client cannot connect', [
    ['ottla doctor', 'localhost:9092'],
    ['ottla doctor kafka.example.org:9092', 'another broker'],
    ['ottla doctor kafka.example.org:9093 --tls --user alice', 'over TLS, with a user'],
    ['ottla doctor localhost:9092 --json', 'for a script'],
  ])
    .argument('[host:port...]', 'brokers to look at (default: $OTTLA_BROKERS, localhost:9092)')
    .option('-b, --brokers <list>', 'as the arguments')
    .option('--json', 'as JSON')
    .addHelpText('after', NOTES);
  return withSecurity(doctor).action(async (given: string[], options: ConnectionOptions & { json?: boolean }) => {
    const addresses = parseAddresses(given.length > 0 ? given.join(',') : brokersOf(terminal, options));
    const { clock } = terminal;
    // A broker that takes longer than this to say hello keeps no client.
    const timeoutMs = Math.min(options.timeout, 3) * 1000;
    const linkOptions = { clock, timeoutMs, security: securityOf(terminal, options) };
    const reports: { address: string; findings: Finding[] }[] = [];
    for (const address of addresses) {
      const findings = await examine(address, linkOptions);
      reports.push({ address: formatAddress(address), findings });
      if (options.json !== true) await printReport(terminal, formatAddress(address), findings);
    }
    const isWell = reports.every(({ findings }) => findings.every(({ status }) => status !== 'fail'));
    if (options.json === true) await printJson(terminal, { ok: isWell, brokers: reports });
    outcome.exitCode = isWell ? 0 : 1;
  });
}

/** Everything about one address, in the order in which a client would run into it. */
export async function examine(address: Address, options: LinkOptions): Promise<Finding[]> {
  const { findings, isKafka } = await reach(address, options.security, options.timeoutMs);
  if (!isKafka || findings.some(({ check, status }) => check === 'tls' && status === 'fail')) return findings;
  const { link, findings: more } = await signIn(address, options);
  for (const one of more) findings.push(one);
  if (link === null) return findings;
  await link.close();
  const cluster = new Cluster({ brokers: formatAddress(address), ...options });
  try {
    const metadata = await cluster.metadata(null);
    for (const one of await advertisedFindings(address, metadata, options)) findings.push(one);
    for (const one of stateFindings(metadata)) findings.push(one);
    // Where an advertised address leads nowhere its broker cannot be asked.
    for (const one of await factorFindings(cluster, metadata).catch(() => [])) findings.push(one);
    for (const one of await clockFindings(cluster, metadata).catch(() => [])) findings.push(one);
  } finally {
    await cluster.close();
  }
  return findings;
}

const SIGNS: Readonly<Record<Finding['status'], readonly [sign: string, style: Style]>> = {
  ok: ['✓', 'green'],
  warn: ['!', 'yellow'],
  fail: ['✗', 'red'],
};

async function printReport(terminal: Terminal, address: string, findings: readonly Finding[]): Promise<void> {
  const paint = painter(terminal.stdout, terminal.environment);
  await printLine(terminal, paint('bold', address));
  const width = widest(findings.map(({ check }) => check));
  for (const { check, status, message, advice } of findings) {
    const [sign, style] = SIGNS[status];
    await printLine(terminal, `  ${paint(style, sign)} ${paint('dim', check.padEnd(width))}  ${message}`);
    if (advice !== undefined) await printLine(terminal, `    ${' '.repeat(width)}  ${paint('cyan', `→ ${advice}`)}`);
  }
  const failures = findings.filter(({ status }) => status === 'fail').length;
  const warnings = findings.filter(({ status }) => status === 'warn').length;
  const words = failures > 0 ? `${failures} problem${failures === 1 ? '' : 's'}` : 'clients can work with this cluster';
  const more = warnings > 0 ? `, ${warnings} warning${warnings === 1 ? '' : 's'}` : '';
  await printLine(terminal, paint(failures > 0 ? 'red' : 'green', `${words}${more}`));
}
