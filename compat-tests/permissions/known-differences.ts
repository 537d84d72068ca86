/** Where Ottla answers otherwise than Kafka, and means to. */
const KNOWN: readonly { readonly where: RegExp; readonly why: string }[] = [];

export function knownDifference(request: string, world: string, version: number): string | null {
  const said = `${request} v${version}, ${world}`;
  return KNOWN.find(({ where }) => where.test(said))?.why ?? null;
}
