/**
 * What Graph lies about and no other protocol has: pages, links, sync states (field 09 to 12, H3); receiver-lies.ts has what
 * all can lie about. Authority: Microsoft Graph, "Use delta query to track changes in Microsoft Graph data" (a next link may come with
 * an empty page; entries may come again), "message: delta" (with a filter at most 5,000 messages), "Best practices".
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AfterReceive } from '../../lib/model/mailbox.js'
import { graphBox, ids, upTo } from '../support/microsoft/graph-box.js'
import { type Microsoft365, startMicrosoft365 } from '../support/microsoft/microsoft-365.js'

let world: Microsoft365
beforeAll(async () => {
  world = await startMicrosoft365()
})
afterAll(() => world.stop())

const day = 24 * 3_600_000
const box = (mails: number, settings?: Parameters<typeof graphBox>[2]) => graphBox(world, mails, settings)

describe('field 09: each followed link is progress and is kept (Graph delta query overview: pages may be empty)', () => {
  test('field 09: 250 empty pages before the mail: three polls, no page read twice', async () => {
    const at = await box(1)
    at.lie({ lie: 'empty-pages', pages: 250, times: 1 })
    expect(await at.poll()).toMatchObject({ outcome: 'idle', code: '' })
    await at.polls(2)
    expect(at.told()).toEqual(ids(1))
    expect(at.kinds().filter((kind) => kind === 'delta')).toHaveLength(251)
    at.deliver(2)
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2))
  })

  test('field 09: the process dies, or time is up, between pages: the next one continues behind them', async () => {
    const at = await box(1)
    at.lie({ lie: 'empty-pages', pages: 30, times: 1 })
    at.fail({ kind: 'delta-next', drop: true, skip: 9 })
    expect(await at.poll()).toMatchObject({ outcome: 'failed' })
    at.fail({ kind: 'delta-next', drop: true, skip: 9 })
    expect(await at.poll()).toMatchObject({ outcome: 'failed' })
    await at.poll()
    expect(at.told()).toEqual(ids(1))
    // 31 pages, and the two that were asked for and did not come.
    expect(at.kinds().filter((kind) => kind === 'delta')).toHaveLength(33)
  })

  test('field 09: pages of nothing but old mail are kept too, and grow while nothing is to be taken', async () => {
    const at = await box(0)
    for (const n of upTo(1_200)) at.deliver(`old ${n}`, undefined, Date.now() - 30 * day)
    at.deliver('new')
    const cost = await at.costOf()
    expect(at.told()).toEqual(ids('new'))
    expect(cost.filter((kind) => kind === 'delta')).toHaveLength(4)
  })

  test('field 09: a round of exactly one page of mails, and what comes after it', async () => {
    const at = await box(4, { settings: { mailsPerPoll: 2 } })
    await at.polls(4)
    expect(at.told()).toEqual(ids(1, 2, 3, 4))
    at.deliver(5)
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3, 4, 5))
    expect(await at.costOf()).toEqual(['delta'])
  })

  test('field 09: the end of a round that ended without mail is kept: its last page does not stand for ever', async () => {
    const at = await box(1)
    await at.poll()
    at.lie({ lie: 'empty-pages', pages: 100, times: 1 })
    await at.polls(3)
    at.deliver(2)
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2))
  })
})

describe('H3: a link that leads back is a fault, and requests are bounded', () => {
  test.each([1, 3])('H3: a ring of %i for ever costs few requests a poll and has its own code', async (of) => {
    const at = await box(3)
    at.lie({ lie: 'ring', of })
    expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'graph_link_repeats' })
    // Begins anew at most three times a poll.
    expect((await at.costOf(5)).length).toBeLessThanOrEqual(5 * 4 * (of + 2))
  })

  test('H3: pages that never end: at most a hundred requests a poll, and no poll at once after it', async () => {
    const at = await box(1)
    at.lie({ lie: 'empty-pages', pages: 1_000_000, times: 1 })
    for (let poll = 0; poll < 3; poll++) expect((await at.costOf()).length).toBeLessThanOrEqual(100)
    expect(at.queued()).toEqual([])
    expect(await at.dueInMs()).toBeGreaterThanOrEqual(50_000)
  })
})

describe('field 10: what is refused once is done all the same (Graph best practices: handle expected errors)', () => {
  test.each<[AfterReceive, string, string]>([
    [{ action: 'move', folder: 'Archive' }, 'move', 'archive'],
    [{ action: 'delete' }, 'delete', 'deleteditems'],
  ])('field 10: %o', async (after, kind, folder) => {
    const at = await box(2, { after })
    at.fail({ kind, subject: '1', status: 404 })
    await at.poll()
    expect(at.subjectsIn(folder).sort()).toEqual(['1', '2'])
  })
})

test.each([{ status: 404 }, { status: 403 }, { status: 423 }, { status: 500 }])(
  'field 10, 11: %o for ever at one mail that shall be moved: the others are, the log says which refusal, mail arrives',
  async (refusal) => {
    const at = await box(2, { after: { action: 'move', folder: 'Archive' } })
    at.fail({ kind: 'move', subject: '1', times: 'always', ...refusal })
    await at.poll()
    expect(at.subjectsIn('archive')).toEqual(['2'])
    expect(await at.codes()).toContain('mail_action_refused')
    at.deliver(3)
    expect(await at.poll()).toMatchObject({ outcome: 'mail' })
    expect(at.told()).toEqual(ids(1, 2, 3))
  },
)

describe('field 11: what is refused for one mail while its folder can be read is that mail (M-109)', () => {
  test('field 11: refused for the listing too, it is the mailbox', async () => {
    const at = await box(2)
    at.fail({ kind: 'mime', times: 'always', status: 403 })
    at.fail({ kind: 'folder', times: 'always', status: 403 })
    expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'graph_erroraccessdenied' })
    at.behave()
    at.fail({ kind: 'delta', status: 403 })
    expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'graph_erroraccessdenied' })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2))
    expect(await at.notImported()).toEqual([])
  })
})

describe('field 12: a filtered round ends after 5,000 as if it were complete (Graph, message: delta)', () => {
  test('field 12: more mails since the date than a filtered round has: all arrive', async () => {
    world.graph.control.setLimits({ filteredRoundMails: 5 })
    try {
      const at = await box(12, { settings: { mailsPerPoll: 4 } })
      await at.polls(4)
      expect(at.told()).toEqual(ids(...upTo(12)))
      expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    } finally {
      world.graph.control.setLimits({})
    }
  })

  test('field 12: mail older than asked for is left alone, in the first round only', async () => {
    const at = await box(0)
    at.deliver('ancient', undefined, Date.now() - 40 * day)
    at.deliver('new')
    await at.poll()
    expect(at.told()).toEqual(ids('new'))
    // Put there by somebody now: new in this folder.
    at.deliver('moved in', undefined, Date.now() - 40 * day)
    await at.poll()
    expect(at.told()).toEqual(ids('new', 'moved in'))
  })
})

describe('field 09, 12: entries and links that lie', () => {
  test.each(['none', 'numbers'] as const)('field 09: links: %s: its own code says what is wrong', async (how) => {
    const at = await box(2)
    at.lie({ lie: 'links', how })
    expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'graph_link_missing' })
  })

  test('field 09: an entry without an id for ever: one row says so, the others come', async () => {
    const at = await box(3)
    at.lie({ lie: 'property', name: 'id', value: '', subject: '2' })
    await at.polls(4)
    at.deliver(4)
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 3, 4))
    expect(await at.notImported()).toMatchObject([{ code: 'mail_without_id' }])
  })

  test('field 10: a wait of eleven days is not believed (RFC 9110 10.2.3: how long one ought to wait)', async () => {
    const at = await box(1)
    at.fail({ kind: 'delta', status: 429, retryAfter: 999_999 })
    expect(await at.poll()).toMatchObject({ outcome: 'failed' })
    expect(await at.dueInMs()).toBeLessThan(2 * 3_600_000)
  })

  test('REL-25: a mail longer than the limit is cut off, set aside at once, and the next one comes', async () => {
    const at = await box(0, { settings: { maxMailBytes: 10_000 } })
    at.deliver('long', 'x'.repeat(3_000_000))
    at.deliver('short')
    await at.polls(2)
    expect(at.told()).toEqual(ids('short'))
    expect(await at.notImported()).toMatchObject([{ code: 'mail_too_large' }])
  })

  test('field 09: a folder beyond the first page of folders is found', async () => {
    const at = await box(0, { after: { action: 'move', folder: 'Last' } })
    for (const n of upTo(110)) at.mailbox.createFolder(`Folder ${n}`)
    at.mailbox.createFolder('Last')
    at.deliver(1)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', code: '' })
    expect(at.subjectsIn('Last')).toEqual(['1'])
  })
})
