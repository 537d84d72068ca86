/** What a change to a broker is made of: what may be said, which degree of access it takes, and how it is done. */
import type * as z from 'zod';
import type { PageAccess } from '../frames.ts';
import { ChangeRefused, type Hands } from '../hands.ts';

/** A change, as the page asks for it. */
export interface Change {
  readonly access: PageAccess;
  /** Answers what is told of it: a sentence, and what else there is. */
  run(hands: Hands, said: unknown): Promise<ChangeAnswer>;
}

export interface ChangeAnswer {
  readonly done: string;
}

export function change<Said, Answer extends ChangeAnswer>(
  access: PageAccess,
  schema: z.ZodType<Said>,
  run: (hands: Hands, said: Said) => Promise<Answer>,
): Change {
  return { access, run: (hands, said) => run(hands, parsed(schema, said)) };
}

function parsed<Said>(schema: z.ZodType<Said>, said: unknown): Said {
  const result = schema.safeParse(said);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'what was said'}: ${message}`);
  throw new ChangeRefused(400, issues.join('; '));
}
