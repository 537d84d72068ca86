/** What the doctor found: one sentence each, and what to do about it. */

export interface Finding {
  /** What was looked at: name, connection, protocol … */
  readonly check: string;
  /** ok; warn: works, but may not for every client; fail: clients cannot work. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do next; for warn and fail. */
  readonly advice?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message });

export const warn = (check: string, message: string, advice: string): Finding => ({
  check,
  status: 'warn',
  message,
  advice,
});

export const fail = (check: string, message: string, advice: string): Finding => ({
  check,
  status: 'fail',
  message,
  advice,
});
