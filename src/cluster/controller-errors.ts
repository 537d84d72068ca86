/** Why the controller did not do what it was asked. */

/** This process is not, or no longer, the active controller. Whether the change was made is not known. */
export class NotControllerError extends Error {
  override readonly name = 'NotControllerError';

  constructor() {
    super('this process is not the active controller');
  }
}

/** The engine that keeps the metadata log has said no: nothing was changed. The message is for whoever asked. */
export class ChangeRefusedError extends Error {
  override readonly name = 'ChangeRefusedError';
}
