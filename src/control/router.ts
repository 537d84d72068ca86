/** Routes with their descriptions: requests are checked by what the description says, answers are typed by it. */
import { OpenAPIHono, z } from '@hono/zod-openapi';
import { Problem, sendProblem } from './problem.ts';

export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:ottla:problem:wait-timeout' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'What is wrong and what to do, for people.' }),
    errors: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem', { description: 'RFC 9457' });

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});

/** What any request may be answered with; routes add what is theirs. */
export const problems = {
  400: problem('The request cannot be understood: `errors` and `detail` say where.'),
  409: problem('The broker did not do it.'),
  500: problem('A bug of Ottla.'),
};

export const notFound = { 404: problem('There is no such thing.') };
export const timedOut = { 504: problem('It did not come about in time; `detail` says what was seen.') };

/** A body or an answer in JSON. */
export function json<Schema extends z.ZodType>(schema: Schema, description = 'Done.') {
  return { description, content: { 'application/json': { schema } } };
}

export function body<Schema extends z.ZodType>(schema: Schema) {
  return { body: { content: { 'application/json': { schema } }, required: true } };
}

export function optionalBody<Schema extends z.ZodType>(schema: Schema) {
  return { body: { content: { 'application/json': { schema } }, required: false } };
}

export const done = { 204: { description: 'Done.' } };

/** A router that answers 400 for what the description does not allow. */
export function router(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const errors = result.error.issues.map(({ path, message }) => ({ at: path.join('.') || 'body', message }));
      const detail = errors.map(({ at, message }) => `${at}: ${message}`).join('; ');
      return sendProblem(
        context,
        new Problem(400, 'invalid-request', `${detail}. /openapi.json says what may be said.`),
        errors,
      );
    },
  });
}
