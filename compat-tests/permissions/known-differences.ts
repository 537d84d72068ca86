/** Where Ottla answers otherwise than Kafka, and means to. */
const KNOWN: readonly { readonly where: RegExp; readonly why: string }[] = [
  {
    where: /^(Initialize|Read|Write|Delete)ShareGroupState(Summary)? v\d, (?!nothing|names|what|another|DENY of all)/,
    why: 'Once it is allowed the request is about a coordinator that each broker loads in its own time.',
  },
  {
    where: /^Fetch of a follower v\d+, (?!nothing|names|what|another|DENY of all)/,
    why: 'Once it is allowed the request is one of a follower that neither cluster has.',
  },
  {
    where: /^DeleteGroups v3, (?!nothing|only|another)/,
    why: 'Ottla says in words that there is no such group.',
  },
  {
    where: /^ShareAcknowledge v\d, all of it/,
    why: 'What nobody has fetched is not loaded: Kafka knows it all the same.',
  },
  { where: /^StreamsGroupTopologyDescriptionUpdate/, why: 'There are no streams groups in Ottla.' },
];

export function knownDifference(request: string, world: string, version: number): string | null {
  const said = `${request} v${version}, ${world}`;
  return KNOWN.find(({ where }) => where.test(said))?.why ?? null;
}
