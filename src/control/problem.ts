/** What could not be done, as RFC 9457 has it told: a problem in JSON that says what to do. */
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

export interface ProblemBody {
  /** A name for programs: urn:ottla:problem:wait-timeout. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** A sentence for people. */
  readonly detail: string;
  /** Which parts of the request were wrong. */
  readonly errors?: readonly { readonly at: string; readonly message: string }[];
}

const TITLES: Readonly<Record<string, string>> = {
  'invalid-request': 'The request cannot be understood',
  refused: 'The broker did not do it',
  'no-such-thing': 'There is no such thing',
  'needs-memory': 'It takes a broker in memory',
  'wait-timeout': 'It did not come about in time',
  'not-ready': 'The broker is not ready',
  forbidden: 'Not from there',
  bug: 'Ottla failed',
};

/** Thrown by whoever handles a request. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: ContentfulStatusCode;
  readonly kind: string;

  constructor(status: ContentfulStatusCode, kind: string, detail: string) {
    super(detail);
    this.status = status;
    this.kind = kind;
  }
}

/** The answer for something thrown: what callers got wrong, what the broker refused, or a bug of ours. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) {
    const detail = `${error.message}: send JSON, with the header content-type: application/json`;
    return new Problem(400, 'invalid-request', detail);
  }
  if (error instanceof Error && error.name === 'WaitTimeout') return new Problem(504, 'wait-timeout', error.message);
  if (!(error instanceof Error)) return new Problem(500, 'bug', String(error));
  // Those are what src/testing throws for arguments that cannot be used.
  if (['TypeError', 'RangeError', 'SyntaxError'].includes(error.name)) {
    return new Problem(400, 'invalid-request', error.message);
  }
  return error.name === 'Error' ? new Problem(409, 'refused', error.message) : new Problem(500, 'bug', error.message);
}

export function sendProblem(context: Context, problem: Problem, errors?: ProblemBody['errors']): Response {
  const { status, kind, message: detail } = problem;
  const body: ProblemBody = {
    type: `urn:ottla:problem:${kind}`,
    title: TITLES[kind] ?? kind,
    status,
    detail,
    ...(errors === undefined ? {} : { errors }),
  };
  return context.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json' });
}
