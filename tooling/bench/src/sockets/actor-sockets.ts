/** A pair of actors that listen on Unix sockets. */
export interface ActorSockets extends AsyncDisposable {
  readonly pauseSocket: string;
  readonly resumeSocket: string;
}
