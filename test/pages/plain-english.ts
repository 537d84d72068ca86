/** Phrases that readers stumble over, and what to write instead. What it is about: pages, and messages in the source. */

export interface Phrase {
  readonly now: RegExp;
  readonly plain: string;
}

/** Each row was met in a page or a message by a reader who stopped there. */
export const phrases: readonly Phrase[] = [
  { now: /\bin vain\b/i, plain: 'say what was found: "waited 4000 ms for 2 messages in \'orders\', found 1"' },
  { now: /What is not written down may be anything/i, plain: 'Fields you leave out match anything.' },
  { now: /\bthat fits?\b(?! (in|into|one)\b)/i, plain: '… that match' },
  { now: /\bstands? still until\b/i, plain: 'the partition blocks until …; the clock stops until …' },
  { now: /strikes the same requests each time/i, plain: 'deterministic for a seed' },
  { now: /rules by which (the broker|it) misbehaves/i, plain: 'fault rules' },
  { now: /\bwhoever\b/i, plain: 'anyone who …, or the actor by name' },
  { now: /words to people/i, plain: 'messages go to stderr' },
  { now: /waiters that say what they saw/i, plain: 'waits that report what was there instead' },
  { now: /Libraries come in where/i, plain: 'Libraries are used only for …' },
  { now: /\bin the place of\b/i, plain: 'instead of, as a drop-in for' },
  { now: /What an acknowledgement is worth/i, plain: 'Durability' },
  { now: /What it costs/i, plain: 'Performance' },
  { now: /for good within a third/i, plain: 'expect ±30 %' },
  { now: /Any Node from 20 on/i, plain: 'You need Node 20 or later.' },
  { now: /\bnobody\b/i, plain: 'name the actor: you, no client, no member' },
  { now: /\b(has|have) nothing to (do|bound)\b/i, plain: 'does nothing' },
  { now: /\bthere is none\b/i, plain: '… does not exist, is missing' },
  { now: /\ban afternoon\b/i, plain: 'leave it out' },
  { now: /\bwants? (a|an|--?[a-z])/i, plain: 'needs …' },
  { now: /\bfor fingers used to\b/i, plain: "as in Kafka's tools" },
  { now: /\bshall (be|still|there)\b/i, plain: 'will be, is to be' },
  { now: /\bThe tail\b/, plain: 'Stream of requests' },
];

/** The words of a page without its code. */
export function proseOf(markdown: string): string {
  return markdown
    .replace(/```[\s\S]*?```/g, '')
    .replace(/^ {4,}.*$/gm, '')
    .replace(/`[^`\n]*`/g, '`…`');
}

/** Texts in the source that people read: strings, without comments. */
export function messagesIn(source: string): string {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
  return Array.from(code.matchAll(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g), ([text]) => text).join('\n');
}

export function offences(path: string, text: string): string[] {
  return phrases.flatMap(({ now, plain }) => {
    const found = now.exec(text);
    return found === null ? [] : [`${path}: "${found[0]}": ${plain}`];
  });
}

/** Sentences with more words than one can hold; headings, tables and lists' marks do not count. */
export function longSentences(path: string, prose: string, most: number): string[] {
  const paragraphs = prose
    .split(/\n\s*\n/)
    .filter((block) => !/^\s*(#|\||<|-{3})/.test(block))
    .flatMap((block) => block.split(/\n(?=\s*(?:[-*]|\d+\.) )/));
  return paragraphs.flatMap((paragraph) =>
    paragraph
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/\s+/g, ' ')
      .split(/(?<=[.!?:;])\s/)
      .filter((sentence) => sentence.split(' ').length > most)
      .map((sentence) => `${path}: ${sentence.split(' ').length} words: ${sentence.slice(0, 80)}…`),
  );
}
