/** A group's own configurations within the broker's bounds, or the broker's. */

type LimitKeys<Kind extends string, Name extends string> = `group.${Kind}.${`` | `min.` | `max.`}${Name}`;

/** The group key `<kind>.<name>`. */
export function limitOf<Kind extends string, Name extends string>(
  config: Readonly<Record<LimitKeys<Kind, Name>, number>>,
  own: ReadonlyMap<string, string>,
  kind: Kind,
  name: Name,
): number {
  const text = own.size === 0 ? undefined : own.get(`${kind}.${name}`);
  if (text === undefined) return config[`group.${kind}.${name}` as const];
  // The broker's bounds may have changed since the value was set.
  const [min, max] = [config[`group.${kind}.min.${name}` as const], config[`group.${kind}.max.${name}` as const]];
  return Math.min(Math.max(Number(text), min), max);
}

/** Groups without configurations of their own share one object: heartbeats are many. */
export function sharedLimits<Config, Limits>(
  limitsOf: (config: Config, own: ReadonlyMap<string, string>) => Limits,
): (config: Config, own: ReadonlyMap<string, string>) => Limits {
  let last: { config: Config; limits: Limits } | null = null;
  return (config, own) => {
    if (own.size > 0) return limitsOf(config, own);
    if (last?.config !== config) last = { config, limits: limitsOf(config, own) };
    return last.limits;
  };
}
