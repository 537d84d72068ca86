/** Says, for people, that members have left a group. Pure. */

/** The log tells of each member in a line of its own; thousands leave together where the connection they share ends. */
const MOST_NAMED = 10;

/** `gone`: their ids, with a reason where each has one of its own. */
export function membersLeft(gone: readonly string[]): string {
  const more = gone.length - MOST_NAMED;
  const named = `members left: ${gone.slice(0, MOST_NAMED).join(', ')}`;
  return more <= 0 ? named : `${named} and ${more} more`;
}
