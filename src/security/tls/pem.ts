/** PEM: the blocks of a text. */

export interface PemBlock {
  readonly label: string;
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s:,.-]*?-----END \1-----/g;

/** In settings a line feed may be written out, as `\n`. */
export function pemBlocks(text: string): PemBlock[] {
  const whole = text.replaceAll('\\n', '\n');
  return Array.from(whole.matchAll(BLOCK), ([block, label]) => ({ label, text: `${onLines(block)}\n` }));
}

/** Blanks stand for line feeds where a text was put on one line. */
function onLines(block: string): string {
  if (block.includes('\n')) return block;
  const [, begin, body, end] = /^(-----BEGIN [^-]*-----)([^]*)(-----END [^-]*-----)$/.exec(block)!;
  return `${begin}\n${body.trim().replace(/\s+/g, '\n')}\n${end}`;
}

export function certificatesIn(text: string): string[] {
  return pemBlocks(text).flatMap(({ label, text: block }) => (label === 'CERTIFICATE' ? [block] : []));
}

export function keyIn(text: string): PemBlock | null {
  return pemBlocks(text).find(({ label }) => label.endsWith('PRIVATE KEY')) ?? null;
}
