/** An append that the disk or the log refused; `errorCode` is what a client is told. */
export class LogError extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LogError';
    this.errorCode = errorCode;
  }
}
