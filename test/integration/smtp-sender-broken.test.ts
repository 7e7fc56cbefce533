/** The SMTP sender on connections that break at any moment. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type ScriptedSmtpOptions, smtpPhases } from '../../local/emulators/smtp/scripted-smtp.js'
import { failure } from '../support/general/failure.js'
import {
  anonymous,
  byPassword,
  certificates,
  journal,
  mailOf,
  never,
  scripted,
  sender,
  stops,
  target,
  useSmtpServers,
} from '../support/send/smtp-sessions.js'

useSmtpServers()

type Expected = 'sent' | 'not-sent' | 'unknown' | 'open-fails'

function expected(phase: (typeof smtpPhases)[number], fault: NonNullable<ScriptedSmtpOptions['fault']>): Expected {
  const index = smtpPhases.indexOf(phase)
  if (index <= smtpPhases.indexOf('auth')) return 'open-fails'
  if (phase === 'after-reply' || phase === 'quit') return 'sent'
  if (phase === 'after-dot') return fault === 421 ? 'not-sent' : 'unknown'
  return 'not-sent'
}

const faults = ['close', 'reset', 'hang', 'garbage', 421] as const
const cells = smtpPhases.flatMap((phase) => faults.map((fault) => [phase, fault, expected(phase, fault)] as const))

describe('REL-04: a broken connection never hides whether the mail was taken', () => {
  const large = Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), Buffer.alloc(12_000_000, 'line of text.\r\n')])

  test.each(cells)('REL-04: at %s: %s → %s', async (phase, fault, outcome) => {
    const server = await scripted({ phase, fault, tls: certificates })
    const { entries, handingOver } = journal()
    const from = sender({ timeoutsMs: { connect: 300, reply: 300 } })
    const opening = from.open(target(server.port, 'starttls'), byPassword, never())
    if (outcome === 'open-fails') {
      const error = await failure(opening)
      // STARTTLS refused permanently and for now are different people's business; the rest waits.
      expect(error.class).toBe('transient')
      if (fault === 421) expect(error.code, 'T3: why the server hangs up').toMatch(/^(smtp_|starttls_not_offered)/)
      expect(entries).toEqual([])
      expect(server.mails).toEqual([])
      return
    }
    const session = await opening
    const mail = mailOf(phase === 'body-before-dot' ? { raw: large } : {})
    if (outcome === 'sent') {
      expect(await session.send(mail, handingOver)).toMatchObject({ refused: [] })
      expect(session.sent).toBe(1)
    } else {
      const error = await failure(session.send(mail, handingOver))
      expect(error).toMatchObject({ outcome, class: 'transient' })
      if (fault === 421) expect(error.code, 'T3: why the server hangs up').toMatch(/^smtp_/)
      expect(session.sent).toBe(0)
      if (outcome === 'unknown') expect(error).toMatchObject({ code: 'send_outcome_unknown', hint: 'unknown-outcome' })
    }
    // What the client believes is never more than what the server did, and the journal knew before the dot.
    if (outcome === 'not-sent') expect(server.mails).toEqual([])
    if (server.mails.length > 0) expect(entries).toEqual([{}])
    await session.close()
  })

  test('REL-04: the second mail over a connection that died after the first is not sent', async () => {
    const server = await scripted({ phase: 'after-reply', fault: 'close' })
    const session = await sender().open(target(server.port, 'plain'), anonymous, never())
    await session.send(mailOf(), journal().handingOver)
    expect(await failure(session.send(mailOf(), journal().handingOver))).toMatchObject({ outcome: 'not-sent' })
    expect(server.mails).toHaveLength(1)
    await session.close()
  })

  test('REL-04: no dot leaves before the journal is durable, and none when the journal refuses', async () => {
    const server = await scripted()
    const open = () => sender().open(target(server.port, 'plain'), anonymous, never())
    const slow = await open()
    let durable = false
    await slow.send(mailOf(), async () => {
      // A whole session beside it: what was sent before has arrived by then.
      await (await open()).close()
      expect(server.mails).toEqual([])
      durable = true
    })
    expect(durable).toBe(true)
    expect(server.mails).toHaveLength(1)
    await slow.close()

    const refused = await open()
    const reason = new Error('lease lost')
    expect(await failure(refused.send(mailOf(), () => Promise.reject(reason)))).toBe(reason)
    await refused.close()
    expect(server.mails).toHaveLength(1)
  })

  test('REL-04: a server that says yes before the dot has taken nothing', async () => {
    const server = createServer((socket) => {
      socket.write('220 x\r\n')
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
          if (line.startsWith('EHLO')) socket.write('250 x\r\n')
          else if (/^(MAIL|RCPT)/.test(line)) socket.write('250 ok\r\n')
          else if (line === 'DATA') socket.write('354 go\r\n250 2.0.0 already taken\r\n')
        }
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    stops.push(async () => void server.close())
    const { port } = server.address() as { port: number }
    const session = await sender().open(target(port, 'plain'), anonymous, never())
    const slowly = () => new Promise<void>((done) => setTimeout(done, 50))
    expect(await failure(session.send(mailOf(), slowly))).toMatchObject({ outcome: 'not-sent', class: 'transient' })
    await session.close()
  })

  test('REL-04: when the caller stops in the middle, nothing is sent', async () => {
    const server = await scripted()
    const stop = new AbortController()
    const session = await sender().open(target(server.port, 'plain'), anonymous, stop.signal)
    const error = await failure(session.send(mailOf(), async () => stop.abort()))
    expect(error).toMatchObject({ code: 'stopped', outcome: 'not-sent' })
    await session.close()
    expect(server.mails).toEqual([])
  })
})
