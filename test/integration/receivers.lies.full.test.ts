/** Each lie in every way, also laid over the bytes and the files of a real mail server: what takes long. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DovecotLyingWorld, dovecotLyingWorld } from '../support/contracts/dovecot-lies.js'
import { graphLyingWorld } from '../support/contracts/graph-emulator-lies.js'
import { imapLyingWorld } from '../support/contracts/imap-emulator-lies.js'
import { receiverLies } from '../support/contracts/receiver-lies.js'
import { dovecotAvailable } from '../support/mail-servers/dovecot.js'
import { pollHarness } from '../support/receive/poll-harness.js'

const mail = (n: number): string =>
  `From: kim@example.com\r\nSubject: ${n}\r\nMessage-ID: <${n}@x>\r\n\r\nThis is ${n}.\r\n`
const upTo = (last: number): string[] => Array.from({ length: last }, (_, n) => `<${n + 1}@x>`)

const suite = () => {
  let world: DovecotLyingWorld
  beforeAll(async () => {
    world = await dovecotLyingWorld()
  })
  afterAll(() => world?.stop())

  test('the relay changes nothing unless told to, and has recorded what passed', async () => {
    const box = await world.newMailbox()
    await box.deliver(mail(1))
    const flow = await pollHarness(box)
    await flow.poll()
    expect(flow.told()).toEqual(upTo(1))
    expect(box.proxy.record.some(({ from, text }) => from === 'server' && /^\* OK .*Dovecot/.test(text))).toBe(true)
    expect(box.proxy.record.some(({ text }) => /^\* 1 FETCH \(UID 1 .*BODY\[\]/.test(text))).toBe(true)
    await box.stop()
  })

  test('field 03: an older copy of the mailbox is restored, UIDVALIDITY stands and UIDs go back: nothing is lost or twice', async () => {
    const box = await world.newMailbox()
    const flow = await pollHarness(box)
    const validities = () => new Set(box.proxy.record.flatMap(({ text }) => /UIDVALIDITY (\d+)/.exec(text)?.[1] ?? []))
    for (const n of [1, 2, 3, 4, 5]) await box.deliver(mail(n))
    const restore = await box.backUp()
    await flow.poll()
    for (const n of [6, 7, 8]) await box.deliver(mail(n))
    await flow.poll()
    const validity = validities()
    await restore()
    for (const n of [9, 10]) await box.deliver(mail(n))
    for (let poll = 0; poll < 2; poll++) await flow.poll()
    expect(flow.told()).toEqual(upTo(10))
    // It is that lie, and no new numbering that says so.
    expect(validity.size).toBe(1)
    expect(validities()).toEqual(validity)
    await box.deliver(mail(11))
    await flow.poll()
    expect(flow.told()).toEqual(upTo(11))
    expect(await flow.poll()).toMatchObject({ outcome: 'idle' })
    await box.stop()
  })
}

receiverLies('IMAP emulator', imapLyingWorld)
receiverLies('Graph emulator', graphLyingWorld)

if (dovecotAvailable()) {
  receiverLies('Dovecot behind a relay', dovecotLyingWorld)
  describe('Dovecot behind a relay', suite)
} else
  test('Dovecot is not installed, which was announced on standard error', () => expect(dovecotAvailable()).toBe(false))
