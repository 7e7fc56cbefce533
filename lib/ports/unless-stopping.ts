/** `work`, or a rejection as soon as the instance is stopping; nobody needs its result then. */
export function unlessStopping<T>(stopping: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(stopping.reason)
    stopping.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => stopping.removeEventListener('abort', stop))
  })
}
