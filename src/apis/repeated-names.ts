/**
 * Answers to requests that may name one thing a million times: Kafka answers a name as often as it stands in the request, so does
 * this, up to a limit: a few bytes may name what is large.
 */
import { responseCodec } from '../../protocol/compile.ts';
import type { Api, Draft, Fields } from '../../protocol/schema.ts';
import { MessageTooLarge, Writer } from '../../protocol/writer.ts';
import { allOf, andThen, type Answer } from '../coordination/answers.ts';
import { inPieces, mapInPieces, whenDone, type Pieces } from '../platform/pieces.ts';

/** What is answered to names that a request repeats, all of them together. No client repeats any. */
export const MAX_REPEATED_BYTES = 8 * 1024 * 1024;

/** Adds up what is answered again. */
export class RepeatedBytes {
  #bytes = 0;

  /** @throws {MessageTooLarge} */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= MAX_REPEATED_BYTES) return;
    throw new MessageTooLarge(`names are repeated whose answers come to more than ${MAX_REPEATED_BYTES} bytes`);
  }
}

/**
 * The answer to each of `names`; what it names again is described once. Of those alone `bytesOf` is asked.
 * @throws {MessageTooLarge} at once, or by the promise
 */
export function answerEach<Name, Described>(
  names: readonly Name[],
  describe: (name: Name) => Answer<Described> | Pieces<Answer<Described>>,
  bytesOf: (described: Described) => number,
  keyOf: (name: Name) => unknown = (name) => name,
): Pieces<Answer<Described[]>> {
  const places = new Map<unknown, number>();
  const answers: Answer<Described>[] = [];
  const counts: number[] = [];
  const all = mapInPieces(names, (name) => {
    const key = keyOf(name);
    const known = places.get(key);
    if (known !== undefined) {
      counts[known]++;
      return known;
    }
    places.set(key, counts.push(1) - 1);
    return whenDone(inPieces(describe(name)), (described) => answers.push(described) - 1);
  });
  return whenDone(all, (placeOf) =>
    andThen(allOf(answers), (described) => {
      if (described.length === names.length) return described;
      const repeated = new RepeatedBytes();
      for (const [place, count] of counts.entries()) {
        if (count > 1) repeated.add(bytesOf(described[place]) * (count - 1));
      }
      return placeOf.map((place) => described[place]);
    }),
  );
}

/** What a response takes on the wire. @throws {MessageTooLarge} where that is more than may be repeated */
export function responseBytes<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  response: Draft<Res>,
): number {
  const writer = new Writer(1024, MAX_REPEATED_BYTES);
  responseCodec(api, version).encode(writer, response);
  return writer.position;
}

/** Those that are there more than once. */
export function repeatedNames(named: readonly { readonly name: string }[]): ReadonlySet<string> {
  const [seen, twice] = [new Set<string>(), new Set<string>()];
  for (const { name } of named) (seen.has(name) ? twice : seen).add(name);
  return twice;
}
