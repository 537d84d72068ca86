/** Where reports are written, and when test runners have them written: OTTLA_REPORT. */
import { basename, dirname, join, resolve } from 'node:path';
import { nodeFiles } from '../platform/files.ts';

/** Beside the tests' configuration, where the runner was started. */
const FOLDER = 'ottla-reports';
const LONGEST_NAME = 120;

export type ReportMode = 'off' | 'failed' | 'always';

/** Of tests that runners tell about. @throws {Error} for an OTTLA_REPORT that means nothing */
export function reportMode(): ReportMode {
  const { OTTLA_REPORT: said = '' } = process.env;
  if (said === '') return 'failed';
  if (said === 'off' || said === 'failed' || said === 'always') return said;
  throw new Error(`OTTLA_REPORT=${said}: write off, failed or always`);
}

/** Of this process: two tests of one name have a file each. */
const taken = new Set<string>();

/** 'ottla-reports/billing.test.ts-bills-once.html'. */
export function reportPath(file: string, test: string): string {
  const name = `${basename(file)}-${test}`.replace(/[^\p{L}\p{N}._]+/gu, '-');
  const short = name.slice(0, LONGEST_NAME).replace(/-$/, '');
  for (let count = 1; ; count++) {
    const path = join(FOLDER, `${short}${count === 1 ? '' : `-${count}`}.html`);
    if (taken.has(path)) continue;
    taken.add(path);
    return path;
  }
}

/** Answers the whole path. */
export function writeReport(path: string, html: string): string {
  const whole = resolve(path);
  nodeFiles.makeDirectory(dirname(whole));
  nodeFiles.replace(whole, html, false);
  return whole;
}
