import { expect, test } from 'vitest'
import { daysLeft, isAccepted, isNear, type PlatformDate, platformDates } from '../../../lib/model/platform-dates.js'
import { platformSources, platformUses } from '../../support/infra/platform-uses.js'

const sources = platformSources()

/** Rows whose end is near, and that nobody accepted. */
const due = (dates: readonly PlatformDate[], now: number): string[] =>
  dates.filter((one) => isNear(one, now) && !isAccepted(one, now)).map(({ id, ends }) => `${id} ends on ${ends}`)

const planted = (ends: string, more: Partial<PlatformDate> = {}): PlatformDate => ({
  id: 'planted@1',
  what: 'Planted',
  ends,
  action: 'Replace it.',
  told: 'developers',
  source: 'https://example.com',
  ...more,
})
const at = (day: string): number => Date.parse(`${day}T12:00:00Z`)

test('M-172: nothing the gateway stands on ends within six months without somebody having decided so', () => {
  expect(due(platformDates, Date.now()), 'see docs/dates.md: replace it, or accept it with a reason').toEqual([])
})

test('M-172: planted ends are found six months before, not earlier, and for ever after', () => {
  const row = planted('2027-07-01')
  expect(due([row], at('2026-12-29'))).toEqual([])
  expect(due([row], at('2026-12-31'))).toEqual(['planted@1 ends on 2027-07-01'])
  expect(due([row], at('2028-01-01'))).toHaveLength(1)
  expect(due([planted('')], at('2040-01-01'))).toEqual([])
})

test('M-172: an accepted end is quiet until the day somebody must look again', () => {
  const row = planted('2027-01-31', { accepted: { until: '2027-03-31', why: 'Planted.' } })
  expect(due([row], at('2027-03-31'))).toEqual([])
  expect(due([row], at('2027-04-01'))).toHaveLength(1)
})

test('M-172: the last day counts', () => {
  expect(daysLeft({ ends: '2027-04-30' }, at('2027-04-30'))).toBe(0)
  expect(daysLeft({ ends: '2027-04-30' }, at('2027-05-01'))).toBe(-1)
  expect(daysLeft({ ends: '' }, 0)).toBeUndefined()
})

test('M-172: the table names everything the repository uses, and nothing else', () => {
  expect(platformDates.map(({ id }) => id).sort()).toEqual(platformUses(sources))
})

test('M-172: an old management API, an old action or another runtime is noticed at once', () => {
  const known = platformDates.map(({ id }) => id)
  const unknown = (changed: Partial<typeof sources>): string[] =>
    platformUses({ ...sources, ...changed }).filter((id) => !known.includes(id))
  const vault = sources.infra['modules/vault.bicep'] ?? ''
  const old = vault.replace('vaults@2026-02-01', 'vaults@2025-05-01')
  expect(unknown({ infra: { ...sources.infra, 'modules/vault.bicep': old } })).toEqual([
    'Microsoft.KeyVault@2025-05-01',
  ])
  expect(unknown({ workflow: sources.workflow.replaceAll('checkout@v7', 'checkout@v4') })).toEqual([
    'actions/checkout@v4',
  ])
  const main = (sources.infra['main.bicep'] ?? '').replace("['22', '24']", "['22', '24', '26']")
  expect(unknown({ infra: { ...sources.infra, 'main.bicep': main } })).toEqual(['node@26'])
})

test('M-172: every row says what to do and where its date was read', () => {
  for (const { id, ends, action, source, accepted } of platformDates) {
    expect(ends, id).toMatch(/^$|^\d{4}-\d{2}-\d{2}$/)
    expect(action.length, id).toBeGreaterThan(10)
    expect(source, id).toMatch(/^https:\/\//)
    if (accepted !== undefined) expect(accepted.why.length, id).toBeGreaterThan(20)
  }
})
