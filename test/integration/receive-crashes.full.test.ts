/** Receiving by processes that die or stand still at any request. */
import { describe, expect, test } from 'vitest'
import { everyNotImported } from '../support/general/every.js'
import { useReceiveStorage, world } from '../support/receive/receive-world.js'

useReceiveStorage()

describe('receive: crashes', () => {
  for (const when of ['before', 'after'] as const)
    test(`REL-20: a process that dies ${when} any request loses nothing and repeats only under the same event id`, async () => {
      let steps = 0
      for (let step = 1; ; step++) {
        const at = await world({ action: 'delete' })
        for (const uid of [1, 2, 3]) at.server.put(uid)
        let left = step
        let dead = false
        const die = (): void => {
          dead = true
          throw new Error('killed')
        }
        at.watch((moment) => {
          if (dead || (moment === when && --left === 0)) die()
        })
        const died = await at.poll().then(
          () => false,
          () => true,
        )
        at.watch(() => {})
        for (let again = 0; again < 3; again++) {
          at.pass(61_000)
          await at.poll()
        }
        at.takeEvents()
        const ids = new Set(at.events.map((event) => event.id))
        expect(ids.size, `step ${step}: every mail told`).toBe(3)
        expect(new Set(at.events.map((event) => event.data['receivedId'])).size).toBe(3)
        expect(at.server.mails, `step ${step}: action owed`).toEqual([])
        expect(await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)).toEqual([])
        if (!died && !dead) break
        steps = step
      }
      expect(steps).toBeGreaterThan(15)
    }, 60_000)

  test('REL-26: a poller paused longer than its lease cannot write the row of its successor', async () => {
    const at = await world()
    let resume = (): void => {}
    let paused = (): void => {}
    const isPaused = new Promise<void>((resolve) => {
      paused = resolve
    })
    at.server.beforeRaw = () => {
      paused()
      at.server.beforeRaw = async () => {}
      return new Promise((resolve) => {
        resume = resolve
      })
    }
    at.server.put(1)
    const first = at.poll()
    await isPaused
    at.pass(61_000)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 1 })
    const after = await at.row()
    resume()
    expect(await first).toMatchObject({ handedOver: 0 })
    expect(await at.row()).toEqual(after)
    expect(at.takeEvents()).toHaveLength(1)
  })

  test('REL-25, C4: a mail that kills the process kills it twice more when it is alone in hand, and the next mail arrives', async () => {
    const at = await world()
    at.server.put(1, 'fine')
    at.server.put(2, 'killer')
    at.server.put(3, 'behind it')
    let deaths = 0
    for (let poll = 0; poll < 6; poll++) {
      let dead = false
      at.watch(() => {
        if (dead) throw new Error('killed')
      })
      const reads = at.server.rawReads
      const killer = at.server.mails[1]!
      Object.defineProperty(killer, 'fault', {
        configurable: true,
        get() {
          dead = true
          return new Error('killed')
        },
      })
      await at.poll().catch(() => deaths++)
      at.pass(61_000)
      if (at.server.rawReads === reads) break
    }
    at.watch(() => {})
    expect(deaths).toBe(3)
    const once = new Map(at.takeEvents().map((event) => [event.id, event.type]))
    expect([...once.values()].sort()).toEqual(['mail.quarantined', 'mail.received', 'mail.received'])
    const [missing] = await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)
    expect(missing).toMatchObject({ state: 'quarantined', code: 'mail_killed_poll' })
  })
})
