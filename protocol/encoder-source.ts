/** Writes the code that encodes one table at one version; rows that the version lacks are dropped. */
import { Source, defaultSource, isDefaultSource, layoutOf } from './layout.ts';
import type { Layout, Row } from './layout.ts';
import type { Fields, ScalarKind, Shape } from './schema.ts';

/**
 * The body of a function of `w` (a Writer) and `d` (a draft); EMPTY and refuseNull must be in its scope. `inPieces`: of a generator,
 * which pauses where an array is long.
 */
export function encoderSource(fields: Fields, version: number, flexible: boolean, inPieces: boolean): string {
  const out = new Source(inPieces);
  structSource(out, 'd', fields, version, flexible);
  return out.text();
}

function structSource(out: Source, draft: string, fields: Fields, version: number, flexible: boolean): void {
  const layout = layoutOf(fields, version, flexible);
  for (const row of layout.plain) {
    const value = rowSource(out, draft, row);
    if (!row.nullable && row.shape.nullable.first <= row.shape.nullable.last) {
      out.line(`if (${value} === null) refuseNull(${JSON.stringify(row.name)}, ${version});`);
    }
    valueSource(out, value, row.shape, row.nullable, layout, false);
  }
  if (flexible) taggedSource(out, draft, layout);
}

/** Rows that hold sentences for people, with names in them that clients choose. */
const SENTENCE = /[eE]rrorMessage$|^statusDetail$/;

/** The draft's value of a row, or what stands in for it where the draft leaves it out. */
function rowSource(out: Source, draft: string, row: Row): string {
  const name = out.name();
  const value = `${draft}.${row.name}`;
  const filled = row.optional ? `${value} === undefined ? ${defaultSource(row.shape)} : ${value}` : value;
  out.line(`const ${name} = ${SENTENCE.test(row.name) ? `w.sentence(${filled})` : filled};`);
  return name;
}

function taggedSource(out: Source, draft: string, layout: Layout): void {
  if (layout.tagged.length === 0) return out.line('w.int8(0);');
  const sent = layout.tagged.map((row) => {
    const value = rowSource(out, draft, row);
    const isSent = out.name();
    out.line(`const ${isSent} = !(${isDefaultSource(row.shape, value)});`);
    return { row, value, isSent };
  });
  out.line(`w.unsignedVarint(${sent.map(({ isSent }) => `(${isSent} ? 1 : 0)`).join(' + ')});`);
  for (const { row, value, isSent } of sent) {
    out.block(`if (${isSent})`, () => {
      const start = out.name();
      out.line(`const ${start} = w.openTagged(${row.shape.tag});`);
      valueSource(out, value, row.shape, row.nullable, layout, true);
      out.line(`w.closeTagged(${start});`);
    });
  }
}

function valueSource(
  out: Source,
  value: string,
  shape: Shape,
  nullable: boolean,
  layout: Layout,
  tagged: boolean,
): void {
  const { version, flexible } = layout;
  if (shape.kind === 'array') {
    arraySource(out, value, shape, nullable, layout);
  } else if (shape.kind !== 'struct') {
    out.line(`${writeSource(shape.kind, value, nullable, flexible)};`);
  } else if (!nullable) {
    structSource(out, value, shape.fields!, version, flexible);
  } else {
    // Kafka marks null before a struct with a byte of -1, but behind a tag with a varint of 0.
    out.block(`if (${value} === null)`, () => out.line(`w.int8(${tagged ? 0 : -1});`));
    out.block('else', () => {
      out.line('w.int8(1);');
      structSource(out, value, shape.fields!, version, flexible);
    });
  }
}

function arraySource(out: Source, value: string, shape: Shape, nullable: boolean, layout: Layout): void {
  const { flexible } = layout;
  const elements = (): void => {
    const [index, element] = [out.name(), out.name()];
    out.line(flexible ? `w.unsignedVarint(${value}.length + 1);` : `w.int32(${value}.length);`);
    out.block(`for (let ${index} = 0; ${index} < ${value}.length; ${index}++)`, () => {
      out.line(`const ${element} = ${value}[${index}];`);
      valueSource(out, element, shape.element!.shape, false, layout, false);
      out.pauseAt(index);
    });
  };
  if (!nullable) return elements();
  out.block(`if (${value} === null)`, () => out.line(flexible ? 'w.int8(0);' : 'w.int32(-1);'));
  out.block('else', elements);
}

function writeSource(kind: ScalarKind, value: string, nullable: boolean, flexible: boolean): string {
  if (kind === 'bytes' || kind === 'records') return `w.${flexible ? 'compactBytes' : 'sizedBytes'}(${value})`;
  if (kind !== 'string') return `w.${kind}(${value})`;
  if (flexible) return nullable ? `w.compactNullableString(${value})` : `w.compactString(${value})`;
  return nullable ? `w.nullableString(${value})` : `w.string(${value})`;
}
