/**
 * Time limits by progress, at real lines: the limits of production a twentieth as long. What decides is tried with a clock
 * in `test/unit/protocol/patient-limit.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { graphWorld, imapEmulatorWorld, type ReceiverWorld } from '../support/contracts/receiver-subjects.js'
import { pollHarness } from '../support/receive/poll-harness.js'

const named = (subject: string, body = `This is ${subject}.`): string =>
  `From: kim@example.com\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\n${body}\r\n`
const large = (subject: string): string => named(subject, `${'x'.repeat(98)}\r\n`.repeat(20_000))
const ids = (...subjects: string[]) => subjects.map((subject) => `<${subject}@x>`)
const worlds: [string, () => Promise<ReceiverWorld>][] = [
  ['IMAP', () => imapEmulatorWorld('password', 'implicit')],
  ['Graph', graphWorld],
]

describe.each(worlds)('%s over a slow line', (_, start) => {
  let world: ReceiverWorld
  beforeAll(async () => {
    world = await start()
  })
  afterAll(() => world?.stop())

  test('M-102: a slow and steady line delivers a mail that takes longer than any of its time limits', async () => {
    const box = await world.newMailbox()
    await box.deliver(named('a'))
    await box.deliver(large('slow'))
    await box.deliver(named('z'))
    const flow = await pollHarness({ ...box, receiver: box.slow!.quick })
    await box.slow!.pace('slow', 300_000)
    const started = performance.now()
    for (let polls = 0; polls < 2; polls++)
      expect(await flow.poll({ timeLimitMs: 4_500 })).toMatchObject({ outcome: expect.stringMatching('mail|idle') })
    expect(flow.told()).toEqual(ids('a', 'slow', 'z'))
    // Without it nothing was tried: 2 MB at this pace are no sooner there.
    expect(performance.now() - started).toBeGreaterThan(6_000)
    expect(await flow.notImported()).toEqual([])
  })

  test('SEC-34: a mail that drips for ever is told with its code and set aside, and the others arrive', async () => {
    const box = await world.newMailbox()
    await box.deliver(named('a'))
    await box.deliver(large('drips'))
    await box.deliver(named('z'))
    await box.slow!.pace('drips', 20)
    const flow = await pollHarness({ ...box, receiver: box.slow!.quick })
    for (let poll = 0; poll < 3; poll++) await flow.poll()
    expect(flow.told()).toEqual(ids('a', 'z'))
    for (let poll = 0; poll < 4; poll++) await flow.poll()
    expect(await flow.log()).toContainEqual(
      expect.objectContaining({ outcome: 'set-aside', code: 'mail_server_too_slow', remedy: expect.any(String) }),
    )
    expect(await flow.notImported()).toMatchObject([{ code: 'mail_server_too_slow', attempts: 5 }])
    await box.deliver(named('later'))
    expect(await flow.poll()).toMatchObject({ outcome: 'mail', handedOver: 1 })
  })
})
