/** A mail that cannot be read, or that ends the worker, costs no other mail: it stands beside them until it is known. */
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { pollWorld as world } from '../../support/receive/poll-world.js'
import { broken } from '../../support/receive/scripted-mailbox.js'

const minute = 60_000

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1)
const without = (count: number, bad: number[]): number[] => upTo(count).filter((uid) => !bad.includes(uid))

describe.each([1, 50])('suspects, %i mails asked for at once', (chunk) => {
  test('C4: deaths of the worker for any cause accuse no mail that was not alone in hand twice', async () => {
    const at = await world()
    at.server.chunk = chunk
    for (const uid of upTo(6)) at.server.put(uid)
    // Another mail at each death: what stops the worker is somebody else.
    for (const victim of [1, 2, 3, 4]) {
      let asked = 0
      at.server.beforeRaw = async ({ uid }) => {
        if (uid === victim && asked++ === 0) at.die()
      }
      await at.poll()
    }
    at.server.beforeRaw = async () => {}
    for (let n = 0; n < 3; n++) await at.poll()
    expect(at.deaths).toBe(4)
    expect(new Set(at.told())).toEqual(new Set(upTo(6)))
    expect(await at.quarantined()).toEqual([])
    expect(await at.row()).toMatchObject({ busy: false, inHand: '', aside: '' })
  })

  test('C4: the mail that was alone in hand at two deaths is quarantined, and the words are true', async () => {
    const at = await world()
    at.server.chunk = chunk
    for (const uid of upTo(3)) at.server.put(uid)
    at.server.beforeRaw = async ({ uid }) => {
      if (uid === 2) at.die()
    }
    for (let n = 0; n < 8; n++) await at.poll()
    expect(at.deaths).toBe(3)
    expect(at.told()).toEqual([1, 3])
    expect(await at.quarantined()).toMatchObject([
      { code: 'mail_killed_poll', attempts: 2, description: expect.stringMatching(/stopped 2 times .* and no other/) },
    ])
  })

  test('H2: several killers among many: every good mail once, exactly the killers quarantined', async () => {
    const killers = [1, 7, 8, 20]
    const at = await world()
    at.server.chunk = chunk
    for (const uid of upTo(20)) at.server.put(uid)
    const heldAt: unknown[] = []
    at.server.beforeRaw = async ({ uid }) => {
      if (!killers.includes(uid)) return
      heldAt.push((await at.row())?.['busy'])
      at.die()
    }
    for (let n = 0; n < 16; n++) await at.poll()
    // One that accuses nobody, two for each.
    expect(at.deaths).toBe(9)
    // Written down before it could kill.
    expect(heldAt).toEqual(Array(9).fill(true))
    expect(at.told()).toEqual(without(20, killers))
    const missing = await at.quarantined()
    expect(missing.map(({ code }) => code)).toEqual(Array(4).fill('mail_killed_poll'))
    at.server.put(21)
    await at.poll()
    expect(at.told()).toEqual(without(21, killers))
    expect(at.deaths).toBe(9)
  })

  test('H2: a suspect that only had bad luck is cleared when it is tried alone', async () => {
    const at = await world()
    at.server.chunk = chunk
    for (const uid of upTo(5)) at.server.put(uid)
    let deaths = 0
    at.server.beforeRaw = async ({ uid }) => {
      if (uid === 3 && deaths++ < 2) at.die()
    }
    for (let n = 0; n < 4; n++) await at.poll()
    expect(at.told()).toEqual(upTo(5))
    expect(await at.quarantined()).toEqual([])
    // Its account is clear: two more deaths at other mails do not add up.
    expect(await at.row()).toMatchObject({ aside: '' })
  })
})

test('H2: suspects of two mailboxes are tried one at a time in this process, both in the end', async () => {
  const [one, other] = [await world(), await world()]
  const worlds = [one, other]
  other.deps.memory = one.deps.memory
  for (const at of worlds) {
    at.server.put(1)
    at.server.beforeRaw = async () => at.die()
    for (let n = 0; n < 2; n++) await at.poll()
    expect(await at.row()).toMatchObject({ inHand: expect.stringMatching(/./) })
  }
  let [inHand, most] = [0, 0]
  for (const at of worlds)
    at.server.beforeRaw = async () => {
      most = Math.max(most, ++inHand)
      await new Promise(setImmediate)
      inHand--
    }
  await Promise.all(worlds.map((at) => at.poll()))
  expect(most).toBe(1)
  for (const at of worlds) {
    await at.poll()
    expect(at.told()).toEqual([1])
  }
})

describe('mails that cannot be read', () => {
  test.each(['graph_http_500', 'net_reset', 'imap_no'])(
    'H4: every fourth of 20 answers %s: the good ones come in the first poll, the next poll is due as ever',
    async (code) => {
      const at = await world()
      const bad = [4, 8, 12, 16, 20]
      for (const uid of upTo(20)) at.server.put(uid, '', bad.includes(uid) ? { fault: broken(code, 'transient') } : {})
      expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 15 })
      expect(at.told()).toEqual(without(20, bad))
      expect(await at.row()).toMatchObject({ failures: 0 })
      at.server.put(21)
      await at.poll()
      expect(at.told()).toContain(21)
      for (let n = 0; n < 30; n++) await at.poll()
      expect((await at.quarantined()).map(({ attempts }) => attempts)).toEqual(Array(5).fill(5))
      expect(await at.row()).toMatchObject({ failures: 0, aside: '' })
    },
  )

  test('H4: one that can be read later is taken beside the others', async () => {
    const at = await world()
    for (const uid of upTo(4)) at.server.put(uid, '', uid === 1 ? { fault: broken('graph_http_503', 'transient') } : {})
    await at.poll()
    expect(at.told()).toEqual([2, 3, 4])
    delete at.server.mails[0]!.fault
    await at.poll()
    expect(at.told()).toEqual(upTo(4))
    expect(await at.row()).toMatchObject({ aside: '' })
  })

  test('kind 3: when no mail can be read it is the server: the mailbox waits, one mail at most is blamed, none lost', async () => {
    const at = await world()
    for (const uid of upTo(30)) at.server.put(uid, '', { fault: broken('graph_http_503', 'transient') })
    for (let n = 0; n < 4; n++) expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'graph_http_503' })
    expect(await at.row()).toMatchObject({ failures: 4 })
    for (const mail of at.server.mails) delete mail.fault
    for (let n = 0; n < 8; n++) {
      await at.poll()
      at.pass(10 * minute)
    }
    expect(at.told()).toEqual(upTo(30))
    expect(await at.quarantined()).toEqual([])
  })

  test('field 11: a permission that is missing, says the transport, is the mailbox and not its mails', async () => {
    const at = await world()
    const denied = new GatewayError('graph_erroraccessdenied', 'needs-admin', { description: 'no', remedy: 'ask' })
    for (const uid of upTo(5)) at.server.put(uid, '', { fault: denied })
    expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'graph_erroraccessdenied' })
    expect(await at.quarantined()).toEqual([])
  })

  test('field 11: nor is it one mail when the others came: what needs a person, and a fault of storage, set no mail aside', async () => {
    const faults = [
      new GatewayError('graph_erroraccessdenied', 'needs-admin', { description: 'no', remedy: 'ask' }),
      broken('storage_unavailable', 'transient'),
    ]
    for (const fault of faults) {
      const at = await world()
      at.server.put(1)
      at.server.put(2, '', { fault })
      expect(await at.poll()).toMatchObject({ outcome: 'failed', code: fault.code })
      expect(at.told()).toEqual([1])
      expect(await at.row()).toMatchObject({ aside: '' })
    }
  })

  test('REL-25: a mail longer than the limit is set aside whatever its server lets through', async () => {
    const at = await world({ maxMailBytes: 1_000 })
    at.server.put(1, 'x'.repeat(2_000))
    at.server.put(2)
    await at.poll()
    expect(at.told()).toEqual([2])
    expect(await at.quarantined()).toMatchObject([{ code: 'mail_too_large' }])
  })
})

describe('receiving that stops is told and heals', () => {
  const refusals = [
    ['imap_login_refused', 'needs-reconnect'],
    ['imap_authenticationfailed', 'needs-reconnect'],
    ['graph_http_401', 'needs-reconnect'],
    ['folder_missing', 'needs-admin'],
  ] as const

  test.each(refusals)(
    'field 07, M-158, P-08: %s once is tried again within minutes and told to nobody; a second, later one decides',
    async (code, errorClass) => {
      const at = await world()
      const refusal = new GatewayError(code, errorClass, { description: 'refused', remedy: 'act', peerLine: 'A1 NO x' })
      await at.poll()
      at.server.openFault = refusal
      await at.poll()
      expect(await at.dueInMinutes()).toBeLessThan(5)
      expect([await at.attention(), at.changes]).toEqual([[], []])
      at.server.openFault = undefined
      await at.poll()
      expect([await at.attention(), at.changes]).toEqual([[], []])

      at.server.openFault = refusal
      // The first refusal was forgotten with the success.
      await at.poll()
      expect(await at.attention()).toEqual([])
      await at.poll()
      expect(await at.dueInMinutes()).toBeGreaterThan(600)
      expect(await at.attention()).toEqual([expect.stringMatching(/^mailbox-receive~/)])
      await at.poll()
      expect(at.changes).toMatchObject([{ direction: 'receive', state: errorClass, code, remedy: 'act' }])

      at.server.openFault = undefined
      at.server.put(1)
      await at.poll()
      expect(await at.attention()).toEqual([])
      expect(at.changes.slice(1)).toMatchObject([{ direction: 'receive', state: 'connected', code: null }])
      expect(at.told()).toEqual([1])
      await at.poll()
      expect(at.changes).toHaveLength(2)
    },
  )

  test('M-158, RFC 5530 3: temporary codes never ask for a person before the fifth failure, and never break a connection', async () => {
    const at = await world()
    at.server.openFault = broken('imap_unavailable', 'transient')
    for (let n = 0; n < 4; n++) await at.poll()
    expect([await at.attention(), at.changes]).toEqual([[], []])
    await at.poll()
    expect(at.changes).toMatchObject([{ direction: 'receive', state: 'transient', code: 'imap_unavailable' }])
    at.server.openFault = undefined
    await at.poll()
    expect(at.changes).toHaveLength(2)
    expect(await at.attention()).toEqual([])
  })
})
