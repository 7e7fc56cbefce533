/** An answer with another status than the operation's usual one, or with headers of its own. */
export class Reply<T> {
  constructor(
    readonly answer: T,
    readonly more: { status?: number; headers?: Record<string, string> },
  ) {}
}

export const reply = <T>(answer: T, more: Reply<T>['more']): Reply<T> => new Reply(answer, more)
