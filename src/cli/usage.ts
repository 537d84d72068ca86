/** A command line that cannot be understood; the message says what is wrong and what to do. */
export class UsageError extends Error {
  override name = 'UsageError';
}
