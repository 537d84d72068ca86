/**
 * Describes what a request names once, however often it names it: Kafka answers a name as often as it stands in the request, and
 * a few bytes may name what is large a million times.
 */
export function oncePerName<Name, Described>(
  describe: (name: Name) => Described,
  keyOf: (name: Name) => unknown = (name) => name,
): (name: Name) => Described {
  const known = new Map<unknown, Described>();
  return (name) => {
    const key = keyOf(name);
    let described = known.get(key);
    if (described === undefined) known.set(key, (described = describe(name)));
    return described;
  };
}
