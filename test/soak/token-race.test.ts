import { expect, inject, test } from 'vitest'
import { raceForTokens } from '../support/microsoft/token-fleet.js'

test('REL-15, P-02: 8 processes, 200 connections, 50 strict rotations each: no token is used twice', async () => {
  const run = await raceForTokens(inject('azurite'), { processes: 8, connections: 200, rounds: 50 })
  console.log(`token race: ${JSON.stringify({ ...run, bad: run.bad.length })}`)
  expect(run).toMatchObject({ processes: 8, answers: 80_000, bad: [], disagreements: 0 })
  expect(run).toMatchObject({ refreshes: 10_000, reuseEvents: 0, reuseEventsAfterControl: 1 })
}, 3_600_000)
