import { expect, test } from 'vitest'
import { listLog, writeLog } from '../../../lib/rows/logs.js'
import { sendHarness } from '../../support/send/send-harness.js'

const hour = 3_600_000

async function place(name: 'sendinglog' | 'auditlog', rows: number, stepMs: number) {
  const h = await sendHarness()
  const start = h.clock.now()
  for (let n = 0; n < rows; n++) {
    const mailboxId = n % 2 ? 'odd' : 'even'
    await writeLog(h.deps, name, { tenant: h.tenant, code: `c${n}`, mailboxId, failed: n % 3 === 0 })
    h.clock.advance(stepMs)
  }
  const log = name === 'auditlog' ? ('audit' as const) : ('sending' as const)
  const day = new Date(start)
    .toISOString()
    .slice(0, log === 'audit' ? 7 : 10)
    .replaceAll('-', '')
  const pages = async (limit: number, more: object = {}) => {
    const all: string[][] = []
    for (let after = ''; ; ) {
      const page = await listLog(h.deps, h.tenant, { log, day, limit, after, ...more })
      all.push(page.map(({ code }) => code!))
      if (page.length < limit) return all
      after = page.at(-1)!.id
    }
  }
  return { ...h, pages, day, log }
}

const codes = (of: number[]): string[] => of.map((n) => `c${n}`)
const newestFirst = (rows: number, is: (n: number) => boolean = () => true) =>
  [...Array(rows).keys()].reverse().filter(is)

test('D6: a day of a log comes page by page, newest first, each row once, filtered too', async () => {
  const w = await place('sendinglog', 30, hour / 4)
  for (const limit of [1, 7, 30, 200]) {
    expect((await w.pages(limit)).flat()).toEqual(codes(newestFirst(30)))
    expect((await w.pages(limit, { failed: true })).flat()).toEqual(codes(newestFirst(30, (n) => n % 3 === 0)))
    expect((await w.pages(limit, { mailboxId: 'odd' })).flat()).toEqual(codes(newestFirst(30, (n) => n % 2 === 1)))
  }
})

test('D6: a month of the audit log is newest first across its days, not by the hour of the day', async () => {
  const w = await place('auditlog', 40, 7 * hour)
  for (const limit of [1, 7, 200]) expect((await w.pages(limit)).flat()).toEqual(codes(newestFirst(40)))
})

test.each(['x', '9999999999999', '9999999999999~ABCDEF', "9999999999999~' or 1", '9999999999999~abcdef~~'])(
  'D6: a forged `after` (%s) is refused; one of the right form shows rows of the own tenant only',
  async (after) => {
    const w = await place('sendinglog', 3, 1_000)
    const { deps, day, log } = w
    await expect(listLog(deps, w.tenant, { log, day, limit: 5, after })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'after',
    })
    expect(await listLog(deps, 'other', { log, day, limit: 5, after: '0000000000000~aaaaaa' })).toEqual([])
    expect(await listLog(deps, w.tenant, { log, day, limit: 5, after: '0000000000000~aaaaaa' })).toHaveLength(3)
  },
)

test('D8: a day that no calendar has is refused with its field, not an empty log', async () => {
  const { deps, tenant } = await sendHarness()
  const wrong = [
    ...['20260231', '20261399', '202611', '2026-1-1'].map((day) => ({ log: 'sending' as const, day })),
    ...['202613', '20261101'].map((day) => ({ log: 'audit' as const, day })),
  ]
  for (const one of wrong)
    await expect(listLog(deps, tenant, { ...one, limit: 5 }), one.day).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'day',
      description: expect.stringContaining('calendar'),
    })
  expect(await listLog(deps, tenant, { log: 'sending', day: '20240229', limit: 5 })).toEqual([])
  expect(await listLog(deps, tenant, { log: 'audit', day: '202602', limit: 5 })).toEqual([])
})
