/** A command line that cannot be understood; the message says what is wrong and what to do. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** What a command could not do, as one sentence for people. */
export class CommandError extends Error {
  override name = 'CommandError';
}
