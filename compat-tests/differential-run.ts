/** Runs the differential cases on brokers that run already, and counts. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Peer } from './brokers/peer.ts';
import { runCommand } from './provide/command.ts';

export interface DifferentialResult {
  readonly cases: number;
  readonly passed: number;
  /** The names of those that failed. */
  readonly failed: readonly string[];
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const CONFIG = 'compat-tests/differential/vitest.config.ts';
const PATIENCE_MS = 1_800_000;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Null where it came to no end. */
export async function differentialRun(kafka: Peer, own: Peer): Promise<DifferentialResult | null> {
  const directory = mkdtempSync(join(tmpdir(), 'differential-run-'));
  const file = join(directory, 'report.json');
  try {
    const args = [VITEST, 'run', '--config', CONFIG, '--reporter=json', `--outputFile=${file}`];
    const env = { ...process.env, KAFKA_BOOTSTRAP: kafka.bootstrap, OTTLA_BOOTSTRAP: own.bootstrap };
    await runCommand(process.execPath, args, { cwd: ROOT, env, timeoutMs: PATIENCE_MS });
    if (!existsSync(file)) return null;
    const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const cases = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = cases.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
    const passed = cases.filter(({ status }) => status === 'passed').length;
    return { cases: passed + failed.length, passed, failed };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
