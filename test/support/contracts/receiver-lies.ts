/**
 * Servers that answer less, more, twice, out of turn, and lie in each number they give: what a lie is, whatever the
 * protocol, and what must become of the mails. Each server has its own ways to tell a lie, or says why it cannot; a new
 * transport gets the rows by saying so. The sum is always the same: what the server holds was told once or is listed with
 * its reason, what it does not hold is logged as gone, and each fault has a code of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AfterReceive } from '../../../lib/model/mailbox.js'
import type { Receiver } from '../../../lib/ports/receiver.js'
import { type PollHarness, pollHarness } from '../receive/poll-harness.js'
import type { ReceiverSubject, ReceiverWorld } from './receiver-subjects.js'

interface Lie {
  of: string
  /**
   * `told`: each mail, while the lie stands. `failed`: the poll says so, the next one brings each mail. `ends`: each
   * mail once the lie is over. `aside`: each but the one it is about, which is set aside with its reason. `gone`: each
   * mail there is, and the log has the one that is not.
   */
  outcome: 'told' | 'failed' | 'ends' | 'aside' | 'gone'
  /** In which each mail has come; default 2. */
  polls?: number
  /** The mail it is about is too large to be fetched with others. */
  large?: true
  /** The newest mail leaves too, and where the folder ended is no help any more. */
  newestLeaves?: true
  /** Known mails are read again: their numbers are no help. */
  readsAgain?: true
  after?: AfterReceive
}

/** Each lie as its test is called. `once` and `for ever` are part of what a server has to tell. */
const lies = {
  'says more than it was asked': { of: 'field 01', outcome: 'told', polls: 1 },
  'says it twice': { of: 'field 01, 09', outcome: 'told', polls: 1 },
  'says it last first': { of: 'field 01, 09', outcome: 'told', polls: 1 },
  'lists fewer mails than there are': { of: 'field 02, 03', outcome: 'told' },
  'lists a mail that is not there, once': { of: 'field 02, 10', outcome: 'gone' },
  'lists numbers that no mail has': { of: 'field 03', outcome: 'ends' },
  'says a mail is gone that is there': { of: 'field 02, 10', outcome: 'told' },
  'lists a mail and does not give it, once': { of: 'field 02, 10, H5', outcome: 'told', polls: 1 },
  'lists a mail and never gives it': { of: 'field 02, 10, 11, H5', outcome: 'aside' },
  'gives another mail in its place, once': { of: 'H5', outcome: 'told' },
  'gives an error page in its place, once': { of: 'H8', outcome: 'told' },
  'gives half a mail and is gone, once': { of: 'H1', outcome: 'told', polls: 3 },
  'gives half a mail and is gone, for ever': { of: 'H1', outcome: 'aside' },
  'breaks or floods the line at one mail, for ever': { of: 'H1', outcome: 'aside' },
  'gives dates that cannot be': { of: 'field 05', outcome: 'told', polls: 1 },
  'gives sizes that cannot be': { of: 'field 06', outcome: 'told', large: true },
  'gives counts that cannot be': { of: 'field 03', outcome: 'told', newestLeaves: true },
  'says where its folder ends, and it does not': { of: 'field 03, 09', outcome: 'told', newestLeaves: true },
  'gives its numbers anew and keeps silent about it': { of: 'field 03', outcome: 'told', readsAgain: true },
  'gives its numbers anew in each session': { of: 'field 03, P-17', outcome: 'told', polls: 3, readsAgain: true },
  'refuses the state it gave, once': { of: 'field 11, P-16', outcome: 'told', polls: 1, readsAgain: true },
  'has a bad moment': { of: 'field 07, H8', outcome: 'failed', polls: 1 },
  'never comes to an end': { of: 'H3, SEC-34', outcome: 'ends' },
  'refuses to change a mail': { of: 'field 07, 10', outcome: 'told', polls: 1, after: { action: 'mark-read' } },
} as const satisfies Record<string, Lie>

export type LieName = keyof typeof lies

/** From now on the server lies, where it is about one mail, about the one with this subject. */
type Tell = (mailbox: LyingMailbox, subject: string) => void | Promise<void>
/**
 * `found`: columns of the log row that explains it, or of the row of the mail that is set aside. `hangs`: somebody has to
 * wait for an answer that never comes.
 */
export type Way = [name: string, tell: Tell, found?: object, how?: 'hangs']
export type ReceiverLies = Record<LieName, Way[] | { cannot: string }>

/** One mailbox at a server of its own, which lies on order. */
export interface LyingMailbox extends ReceiverSubject {
  /** Ends all lies; what they did to the mailbox stays. */
  behave(): void
  /** How often the bytes of a mail were asked for. */
  bytesAsked(): number
  stop(): Promise<void>
}

export interface LyingWorld extends ReceiverWorld {
  newMailbox(): Promise<LyingMailbox>
  lies: ReceiverLies
}

/** `ways`: most of each lie, in their order and without those that hang; default all. */
export function receiverLies(
  server: string,
  start: () => Promise<LyingWorld>,
  { ways: most }: { ways?: number } = {},
): void {
  describe.concurrent(`receiver, a server that lies: ${server}`, () => {
    let world: LyingWorld
    beforeAll(async () => {
      world = await start()
    })
    afterAll(() => world?.stop())

    for (const [name, lie] of Object.entries(lies) as [LieName, Lie][])
      test(
        `${lie.of}: a server that ${name}: ${titles[lie.outcome]}`,
        async ({ skip }) => {
          const ways = world.lies[name]
          if ('cannot' in ways) return skip(ways.cannot)
          const told = most === undefined ? ways : ways.filter(([, , , how]) => how !== 'hangs').slice(0, most)
          await Promise.all(told.map((way) => tellAndPoll(world, lie, way)))
        },
        rowMs,
      )
  })
}

/** A row is as many mailboxes as there are ways to tell its lie. */
const rowMs = 420_000

const titles: Record<Lie['outcome'], string> = {
  told: 'each mail is told once',
  failed: 'the poll says why, and the next one tells each mail once',
  ends: 'each poll ends, and each mail is told once when it is over',
  aside: 'that mail is set aside with its reason, the others are told once',
  gone: 'the log says so, and each mail there is is told once',
}

const idOf = (subject: string): string => `<${subject}@x>`
const bare = (shown: string): string => shown.replace(/ \(read\)$/, '')

/** As seen by their sender an hour ago: servers without a date of their own leave that one. */
function mail(subject: string, isLarge: boolean | undefined): string {
  const date = new Date(Date.now() - 3_600_000).toUTCString().replace('GMT', '+0000')
  const body = isLarge ? `${'x'.repeat(98)}\r\n`.repeat(7_000) : `This is ${subject}.\r\n`
  return `From: kim@example.com\r\nDate: ${date}\r\nSubject: ${subject}\r\nMessage-ID: ${idOf(subject)}\r\n\r\n${body}`
}

/**
 * Three mails in a folder never seen before, then three in one that is known, the lie about the middle one each time; at
 * last a server that behaves.
 */
async function tellAndPoll(world: LyingWorld, lie: Lie, [way, tell, found = {}, how]: Way): Promise<void> {
  const box = await world.newMailbox()
  try {
    let isLying = true
    const receiver: Receiver = {
      open: (...input) => (how === 'hangs' && isLying && box.slow ? box.slow.quick : box.receiver).open(...input),
    }
    const flow = await pollHarness({ ...box, receiver }, lie.after ? { after: lie.after } : {})
    const delivered: string[] = []
    const deliver = async (subject: string, isLarge?: boolean) => {
      await box.deliver(mail(subject, isLarge))
      delivered.push(subject)
    }
    const others = () => delivered.filter((subject) => !subject.startsWith('liar'))
    const polls = async (times: number) => {
      for (let poll = 0; poll < times; poll++) await flow.poll()
    }
    const expectTold = (subjects: string[]) => expect(flow.told().sort(), way).toEqual(subjects.map(idOf).sort())

    for (const [first, liar, last] of [['a', 'liar-1', 'z'] as const, ['b', 'liar-2', 'y'] as const]) {
      await deliver(first)
      await deliver(liar, lie.large)
      await deliver(last)
      await tell(box, liar)
      if (lie.outcome === 'aside') {
        for (let poll = 0; poll < 8 && (await flow.notImported()).length === 0; poll++) await flow.poll()
        expectTold(others())
        expect(await flow.notImported(), way).toMatchObject([{ state: 'quarantined', ...found }])
        break
      }
      if (lie.outcome === 'failed') {
        expect(await flow.poll(), way).toMatchObject({ outcome: 'failed', code: expect.stringMatching(/./) })
        expect((await flow.log()).filter(({ outcome }) => outcome === 'failed').at(-1), way).toMatchObject(found)
      }
      await polls(lie.polls ?? 2)
      if (lie.outcome !== 'ends') expectTold(delivered)
      if (lie.outcome === 'gone')
        expect(await flow.log(), way).toContainEqual(expect.objectContaining({ outcome: 'gone', code: 'mail_gone' }))
    }
    if (lie.newestLeaves) {
      await box.remove('y')
      await polls(2)
      await deliver('x')
      await polls(2)
      expectTold(delivered)
    }
    if (lie.outcome === 'told' && !lie.readsAgain) {
      const asked = box.bytesAsked()
      await flow.poll()
      expect(box.bytesAsked(), `${way}: nothing is read again`).toBe(asked)
    }

    box.behave()
    isLying = false
    await deliver('late')
    await polls(lie.outcome === 'ends' ? 4 : 2)
    await expectBalance(box, flow, way)
    expect(flow.told(), way).toEqual(expect.arrayContaining(others().map(idOf)))
    expect(await flow.poll(), `${way}: nothing is left over`).toMatchObject({ outcome: 'idle', code: '' })
  } finally {
    await box.stop()
  }
}

/** Held = told + listed, nothing twice, each fault explained. */
async function expectBalance(box: LyingMailbox, flow: PollHarness, way: string): Promise<void> {
  const held = (await box.folder('INBOX')).map(bare).map(idOf)
  const told = flow.told()
  const log = await flow.log()
  expect(new Set(told).size, `${way}: nothing twice`).toBe(told.length)
  const missing = held.filter((id) => !told.includes(id))
  const listed = await flow.notImported()
  expect(listed, `${way}: ${missing} are told or listed`).toHaveLength(missing.length)
  for (const row of [...log, ...listed] as { class?: unknown; outcome?: unknown; code?: unknown }[])
    if (row.outcome === undefined || row.class)
      expect(row.code, `${way}: a code of its own`).not.toMatch(/^(|unclassified|unexpected)$/)
  const now = Date.now()
  for (const { receivedAt } of await flow.list())
    expect(Math.abs(Date.parse(receivedAt) - now), `${way}: dated ${receivedAt}`).toBeLessThan(2 * 24 * 3_600_000)
}
