import { expect, inject, test } from 'vitest'
import { raceForTokens } from '../support/microsoft/token-fleet.js'

test('REL-15, P-02: 8 processes, strict single-use rotation: no token is used twice, every process has a valid one', async () => {
  const run = await raceForTokens(inject('azurite'), { processes: 8, connections: 3, rounds: 4 })
  expect(run).toMatchObject({ processes: 8, answers: 96, bad: [], disagreements: 0, refreshes: 12, reuseEvents: 0 })
  // The control: the identity platform does count a token used twice.
  expect(run.reuseEventsAfterControl).toBe(1)
}, 60_000)
