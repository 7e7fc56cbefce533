/**
 * Servers that take a mail and say otherwise, say nothing, or say it twice: what a lie is, whatever the protocol, and what
 * must hold. Each server has its own ways to tell a lie, or says why it cannot; a new transport gets the rows by saying
 * so. The far side's own count is the truth: no mail is there twice, what counts as sent is there, what counts as failed
 * is not, and what nobody can know is told to a person. The mail behind it leaves once, whatever became of the first.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Mail, MailState } from '../../../lib/model/mail.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { everyAttention } from '../general/every.js'
import { senderFlow } from './sender-flow.js'
import type { SenderSubject } from './sender-subjects.js'

/** Each lie as its test is called; told once, of the first mail. */
const lies = {
  'takes the mail and is gone before its answer': 'REL-03, P-09',
  'takes nothing and is gone before its answer': 'REL-03, P-09',
  'answers too late': 'C5, REL-03',
  'answers twice': 'REL-04',
  'says yes before it has the mail': 'REL-04',
  'takes the mail for some of its recipients': 'REL-06',
  'answers with a code nobody knows': 'field 19',
  'says yes and no in one answer': 'field 19',
  'answers something that is no answer': 'H8',
  'forgets what it was given': 'field 10, P-05',
  'finds a mail too large that is not': 'field 16, M-036',
  'breaks off before it has the mail': 'REL-04',
  'is busy for now': 'P-29',
} as const

export type SenderLie = keyof typeof lies

export interface LyingSender
  extends Pick<SenderSubject, 'from' | 'sender' | 'authority' | 'send' | 'scopes' | 'inbox' | 'stop'> {
  /** Time passes for the server too. */
  pass?(ms: number): Promise<void>
  /** Beside Ben; default nobody. */
  alsoTo?: string
}

/** A server that tells the lie to its first caller, and what becomes of the mail. */
export type SenderWay = [name: string, start: () => Promise<LyingSender>, state: MailState, found?: Partial<Mail>]
export type SenderLies = Record<SenderLie, SenderWay[] | { cannot: string }>

export interface SenderLyingWorld {
  lies: SenderLies
  stop(): Promise<void>
}

const ben = 'ben@contoso.example'

export function senderLies(server: string, start: () => Promise<SenderLyingWorld>): void {
  describe.concurrent(`sender, a server that lies: ${server}`, () => {
    let world: SenderLyingWorld
    beforeAll(async () => {
      world = await start()
    })
    afterAll(() => world?.stop())

    for (const [name, of] of Object.entries(lies) as [SenderLie, string][])
      test(`${of}: a server that ${name}: no mail is lost, sent twice or called what it is not`, async ({ skip }) => {
        const ways = world.lies[name]
        if ('cannot' in ways) return skip(ways.cannot)
        await Promise.all(ways.map(tellAndSend))
      })
  })
}

async function tellAndSend([way, start, state, found = {}]: SenderWay): Promise<void> {
  const peer = await start()
  try {
    const at = await senderFlow(peer, { to: ben })
    const to = [ben, ...(peer.alsoTo === undefined ? [] : [peer.alsoTo])]
    const first = await at.submit({ to, subject: 'first' })
    at.clock.advance(1)
    const second = await at.submit({ subject: 'second' })
    await at.drain()
    // Twelve minutes for both sides, then hours that only we wait.
    for (let minute = 0; minute < 12; minute++) {
      at.clock.advance(61_000)
      await peer.pass?.(61_000)
      await at.drain()
    }
    for (let hour = 0; hour < 3; hour++) {
      at.clock.advance(3_600_000)
      await at.drain()
    }
    const events = (at.stores.queues as MemoryQueues).take(at.deps.names.eventsQueue(at.tenant)) as {
      type: string
      data: { mailId: string }
    }[]
    const attention = await everyAttention(at.deps, at.tenant)
    for (const id of [first, second]) {
      const mail = await at.read(id)
      const which = `${way}, ${id === first ? 'first' : 'second'}`
      expect(mail, which).toMatchObject(id === first ? { state, ...found } : { state: 'sent' })
      for (const address of mail.recipients) {
        const copies = peer.inbox(address).filter((raw) => String(raw).includes(mail.messageId)).length
        expect(copies, `${which}: not twice at ${address}`).toBeLessThanOrEqual(1)
        if (mail.state !== 'unknown')
          expect(copies, `${which}: at ${address} when it says so`).toBe(mail.delivered.includes(address) ? 1 : 0)
      }
      const told = events.filter(({ data }) => data.mailId === id).map(({ type }) => type)
      expect(told, `${which}: told once`).toEqual([`mail.${mail.state}`])
      expect(
        attention.filter((card) => card.id === id).map(({ kind }) => kind),
        `${which}: for a person`,
      ).toEqual(mail.state === 'unknown' ? ['mail-unknown'] : [])
      for (const attempt of [...mail.history, ...mail.refused])
        expect(attempt.code, `${which}: a code of its own`).not.toMatch(/^(|unclassified|unexpected)$/)
    }
  } finally {
    await peer.stop()
  }
}
