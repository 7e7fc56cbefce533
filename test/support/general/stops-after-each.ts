import { afterEach } from 'vitest'

/** What a test starts, it adds to `stops` how to stop; that is done after it, in this order. */
export function stopsAfterEach(stops: (() => Promise<unknown>)[] = []): (() => Promise<unknown>)[] {
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
  })
  return stops
}
