import { expect } from 'vitest'
import type { GatewayError } from '../../../lib/errors.js'

/** What the work fails with; work that succeeds fails the test. */
export const failure = (work: Promise<unknown>): Promise<GatewayError> =>
  work.then(
    () => expect.fail('must not succeed'),
    (error) => error,
  )
