/** Why a client could not sign in: the broker refused, with its error code, or said what no broker says. */
export class SaslError extends Error {
  override readonly name = 'SaslError';
  /** What the broker answered; 0 where it is the client that refuses. */
  readonly errorCode: number;

  constructor(message: string, errorCode = 0) {
    super(message);
    this.errorCode = errorCode;
  }
}
