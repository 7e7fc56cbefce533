import { expect, test } from 'vitest'
import { warnOfPlatformDates } from '../../../lib/flows/ops/warn-of-platform-dates.js'
import type { PlatformDate } from '../../../lib/model/platform-dates.js'
import { everyAttention } from '../../support/general/every.js'
import { recordedLog } from '../../support/general/recorded-log.js'
import { sendHarness } from '../../support/send/send-harness.js'

const day = 86_400_000

async function harness() {
  const h = await sendHarness()
  const recorded = recordedLog()
  return { ...h, ...recorded, deps: { ...h.deps, log: recorded.log } }
}

const planted = (id: string, ends: string, told: PlatformDate['told'] = 'operators'): PlatformDate => ({
  id,
  what: `What is called ${id}`,
  ends,
  action: 'Take the next one.',
  told,
  source: 'https://example.com',
})
const inDays = (now: number, days: number): string => new Date(now + days * day).toISOString().slice(0, 10)

test('M-172: the Node that runs the app warns at 183, 90, 30 and 7 days and when it has ended, once each', async () => {
  const h = await harness()
  const dates = [planted('node@22', inDays(h.clock.now(), 200))]
  for (let passed = 0; passed < 210; passed += 1) {
    await warnOfPlatformDates(h.deps, '22.23.3', dates)
    await warnOfPlatformDates(h.deps, '22.23.3', dates)
    h.clock.advance(day)
  }
  expect(h.of('platform-date-near').map((line) => [line['code'], line['daysLeft']])).toEqual([
    ['platform_ends_in_183', 183],
    ['platform_ends_in_90', 90],
    ['platform_ends_in_30', 30],
    ['platform_ends_in_7', 7],
    ['platform_ended', -1],
  ])
  expect(await everyAttention(h.deps, '~')).toMatchObject([
    { kind: 'platform', id: 'node@22', whoActs: 'Gateway operator', remedy: 'Take the next one.' },
  ])
})

test('M-172: a deployment that moved on loses the card', async () => {
  const h = await harness()
  const dates = [planted('node@22', inDays(h.clock.now(), 30))]
  await warnOfPlatformDates(h.deps, '22.23.3', dates)
  expect(await everyAttention(h.deps, '~')).toHaveLength(1)
  await warnOfPlatformDates(h.deps, '24.11.1', dates)
  expect(await everyAttention(h.deps, '~')).toEqual([])
})

test('M-172: what has no end, another runtime, and what others are told, warn no operator', async () => {
  const h = await harness()
  const soon = inDays(h.clock.now(), 10)
  const dates = [
    planted('functions-host@4', ''),
    planted('node@22', soon),
    planted('actions/checkout@v7', soon, 'developers'),
    planted('smtp-auth@password', soon, 'mailbox owners'),
  ]
  await warnOfPlatformDates(h.deps, '24.11.1', dates)
  expect(h.lines).toEqual([])
  expect(await everyAttention(h.deps, '~')).toEqual([])
  // Control: the same row warns when it is the one in use.
  await warnOfPlatformDates(h.deps, '22.1.0', dates)
  expect(h.of('platform-date-near')).toHaveLength(1)
})
