/** Where a share group begins, by share.auto.offset.reset: how long `by_duration:` and an ISO 8601 duration is. Pure. */

const DURATION = /^by_duration:P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;

/** In milliseconds. The configuration has been validated when it was set. */
export function durationOf(offsetReset: string): number {
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = DURATION.exec(offsetReset) ?? [];
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
}
