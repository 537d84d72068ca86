/** The subject of a certificate as Java's X500Principal.getName() writes it (RFC 2253): Kafka's name of a TLS client. */

const KEYWORDS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
};

/** Tags of DER. */
const SEQUENCE = 0x30;
const VERSION = 0xa0;
const UTF8 = 0x0c;
const PRINTABLE = 0x13;
const T61 = 0x14;
const IA5 = 0x16;
const GENERAL = 0x1b;
const BMP = 0x1e;
const TEXTS = new Set([UTF8, PRINTABLE, T61, IA5, GENERAL, BMP]);

/** Of a certificate in DER. @throws {RangeError} where it is none */
export function subjectOf(certificate: Uint8Array): string {
  const [whole] = elementsOf(Buffer.from(certificate));
  const [signed] = elementsOf(whole.content);
  const fields = elementsOf(signed.content).filter(({ tag }) => tag !== VERSION);
  const subject = fields[4]; // behind serial number, algorithm, issuer and validity
  if (subject?.tag !== SEQUENCE) throw new RangeError('the certificate has no subject');
  return distinguishedName(subject.whole);
}

/** Of a name in DER. @throws {RangeError} where it is none */
export function distinguishedName(der: Buffer): string {
  const [name] = elementsOf(der);
  return elementsOf(name.content)
    .map(({ content }) => elementsOf(content).map(attribute).join('+'))
    .toReversed()
    .join(',');
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** With its tag and length. */
  readonly whole: Buffer;
}

function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    let start = at + 2;
    if (length > 0x80) {
      const count = length - 0x80;
      length = count > 4 ? Infinity : bytes.readUIntBE(start, count);
      start += count;
    }
    const end = start + length;
    if (length === 0x80 || end > bytes.length) throw new RangeError('it is no DER');
    elements.push({ tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return elements;
}

function attribute({ content }: Element): string {
  const [type, value] = elementsOf(content);
  if (type === undefined || value === undefined) throw new RangeError('it is no DER of a name');
  const oid = objectIdentifier(type.content);
  const keyword = KEYWORDS[oid];
  if (keyword === undefined || !TEXTS.has(value.tag)) return `${keyword ?? oid}=#${value.whole.toString('hex')}`;
  return `${keyword}=${escaped(textOf(value))}`;
}

function textOf({ tag, content }: Element): string {
  if (tag === BMP) return Buffer.from(content).swap16().toString('utf16le');
  return tag === T61 ? content.toString('latin1') : content.toString();
}

function objectIdentifier(bytes: Buffer): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of bytes) {
    part = part * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    parts.push(part);
    part = 0;
  }
  const [first = 0, ...others] = parts;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...others].join('.');
}

function escaped(text: string): string {
  const inside = text.replace(/[,=+<>#;"\\]/g, '\\$&').replaceAll('\0', '\\00');
  const [, lead, middle, trail] = /^( *)([^]*?)( *)$/.exec(inside)!;
  return `${lead.replaceAll(' ', '\\ ')}${middle}${trail.replaceAll(' ', '\\ ')}`;
}
