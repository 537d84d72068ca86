/** Writes the code that decodes one table at one version: straight-line reads, one object literal a struct. */
import { Source, defaultSource, layoutOf, leastBytes } from './layout.ts';
import type { Layout, Row } from './layout.ts';
import type { Fields, ScalarKind, Shape } from './schema.ts';

/**
 * The body of a function of `r` (a Reader) that returns the values; EMPTY (no bytes) must be in its scope. `inPieces`: of a
 * generator, which pauses where an array is long.
 */
export function decoderSource(fields: Fields, version: number, flexible: boolean, inPieces: boolean): string {
  const out = new Source(inPieces);
  out.line(`return ${structSource(out, fields, version, flexible)};`);
  return out.text();
}

/** Reads a struct; answers the object literal of what was read. */
function structSource(out: Source, fields: Fields, version: number, flexible: boolean): string {
  const layout = layoutOf(fields, version, flexible);
  const values = new Map<string, string>();
  for (const row of layout.plain) values.set(row.name, valueSource(out, row.shape, row.nullable, layout, false));
  for (const row of layout.tagged) {
    const name = out.name();
    out.line(`let ${name} = ${defaultSource(row.shape)};`);
    values.set(row.name, name);
  }
  if (flexible) taggedSource(out, layout, values);
  const entries = layout.rows.map((row) => `${row.name}: ${values.get(row.name) ?? defaultSource(row.shape)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function taggedSource(out: Source, layout: Layout, values: Map<string, string>): void {
  if (layout.tagged.length === 0) return out.line('r.skipTaggedFields();');
  const [count, tag, size, stop] = [out.name(), out.name(), out.name(), out.name()];
  out.block(`for (let ${count} = r.unsignedVarint(); ${count} > 0; ${count}--)`, () => {
    out.line(`const ${tag} = r.unsignedVarint(), ${size} = r.size(), ${stop} = r.position + ${size};`);
    out.block(`switch (${tag})`, () => {
      for (const row of layout.tagged) taggedCase(out, row, layout, values.get(row.name)!);
      out.line(`default: r.position = ${stop};`);
    });
    out.line(`r.expectPosition(${stop}, ${tag});`);
  });
}

function taggedCase(out: Source, row: Row, layout: Layout, target: string): void {
  out.block(`case ${row.shape.tag}:`, () => {
    out.line(`${target} = ${valueSource(out, row.shape, row.nullable, layout, true)};`);
    out.line('break;');
  });
}

/** Reads a value; answers an expression for it. */
function valueSource(out: Source, shape: Shape, nullable: boolean, layout: Layout, tagged: boolean): string {
  const { version, flexible } = layout;
  if (shape.kind === 'array') return arraySource(out, shape, nullable, layout);
  if (shape.kind !== 'struct') {
    const name = out.name();
    out.line(`const ${name} = ${readSource(shape.kind, nullable, flexible)};`);
    return name;
  }
  if (!nullable) return structSource(out, shape.fields!, version, flexible);
  // A nullable struct has a byte in front: -1 for null. Behind a tag it is a varint: 0 for null.
  const name = out.name();
  out.line(`let ${name} = null;`);
  out.block(tagged ? 'if (r.unsignedVarint() > 0)' : 'if (r.int8() >= 0)', () => {
    out.line(`${name} = ${structSource(out, shape.fields!, version, flexible)};`);
  });
  return name;
}

function arraySource(out: Source, shape: Shape, nullable: boolean, layout: Layout): string {
  const { version, flexible } = layout;
  const element = shape.element!.shape;
  const least = leastBytes(element, false, version, flexible);
  const [name, count] = [out.name(), out.name()];
  const method = nullable
    ? flexible
      ? 'compactNullableArrayCount'
      : 'nullableArrayCount'
    : flexible
      ? 'compactArrayCount'
      : 'arrayCount';
  out.line(`let ${count} = r.${method}(${least});`);
  out.line(`const ${name} = ${nullable ? `${count} < 0 ? null : []` : '[]'};`);
  out.block(`for (; ${count} > 0; ${count}--)`, () => {
    out.line(`${name}.push(${valueSource(out, element, false, layout, false)});`);
    out.pauseAt(count);
  });
  return name;
}

function readSource(kind: ScalarKind, nullable: boolean, flexible: boolean): string {
  if (kind !== 'string' && kind !== 'bytes' && kind !== 'records') return `r.${kind}()`;
  const name = kind[0].toUpperCase() + kind.slice(1);
  if (flexible) return nullable ? `r.compactNullable${name}()` : `r.compact${name}()`;
  return nullable ? `r.nullable${name}()` : `r.${kind}()`;
}
