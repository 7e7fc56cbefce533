/** Storage fails in front of the real client, over the real protocol; what was taken is checked behind the proxy. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { GatewayError } from '../../lib/errors.js'
import { sendFlows } from '../../lib/flows/send/index.js'
import type { Log } from '../../lib/log.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { sendHarness } from '../support/send/send-harness.js'
import { azuriteStores } from '../support/storage/azurite-stores.js'
import { type StorageProxy, startStorageProxy } from '../support/storage/storage-proxy.js'

const { acceptMail, drainLane, readMail, searchMails } = sendFlows
const proxies: StorageProxy[] = []
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop()
})

async function world() {
  const proxy = await startStorageProxy(inject('azurite'))
  proxies.push(proxy)
  const stores = azuriteStores({ connectionString: proxy.connectionString, tryMs: 1_000 })
  const h = await sendHarness({ stores, environment: `o${newId().slice(0, 6)}`, realTime: true })
  const lines: string[] = []
  const write = (event: string) => void lines.push(event)
  h.deps.log = { info: write, warn: write, error: write } as Log
  h.deps.clock = {
    now: Date.now,
    sleep: (ms, signal) => delay(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }),
  }
  const mail = parseMailSubmission({ mailboxId: h.mailbox.id, to: ['b@b.example'], text: 'x' })
  return {
    ...h,
    proxy,
    lines,
    accept: (key: string) => acceptMail(h.deps, h.tenant, { submission: mail, idempotencyKey: key }),
    drain: () => drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id }),
  }
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('REL-28: storage fails', () => {
  test.each(['reset', 'hang', 503] as const)(
    '%s: refused with when to come back, then as if nothing had been',
    async (fault) => {
      const w = await world()
      w.proxy.fault = () => fault
      const started = performance.now()
      const error = await failure(w.accept('key'))
      expect(error).toBeInstanceOf(GatewayError)
      expect(error).toMatchObject({ code: 'storage_unavailable', class: 'transient', status: 503 })
      expect((error as GatewayError).retryAfterMs).toBeGreaterThan(0)
      expect(performance.now() - started).toBeLessThan(8_000)
      expect(await failure(w.drain())).toMatchObject({ code: 'storage_unavailable' })
      w.proxy.fault = undefined
      const { created, mail } = await w.accept('key')
      expect(created).toBe(true)
      await w.drain()
      expect(await readMail(w.deps, w.tenant, mail.id)).toMatchObject({ state: 'sent', attempts: 1 })
      expect(w.peer.sent).toHaveLength(1)
    },
  )

  test('it begins before any one of the requests of an acceptance: the repeated request gives one mail', async () => {
    const w = await world()
    for (let passing = 0, refused = true; refused; passing++) {
      const key = `key-${passing}`
      let seen = 0
      w.proxy.fault = () => (seen++ >= passing ? 503 : undefined)
      refused = (await failure(w.accept(key))) !== undefined
      w.proxy.fault = undefined
      const first = await w.accept(key)
      expect((await w.accept(key)).mail.id).toBe(first.mail.id)
      await w.drain()
      expect(w.peer.sent.filter((sent) => sent.mailId === first.mail.id)).toHaveLength(1)
      expect(passing).toBeLessThan(30)
    }
    expect((await searchMails(w.deps, w.tenant)).mails).toEqual([])
  })

  test('it begins after the mail server took the mail: its yes is kept and written down when storage is back', async () => {
    const w = await world()
    const { mail } = await w.accept('key')
    w.peer.script.after = () => {
      w.proxy.fault = () => 503
      return undefined
    }
    const draining = w.drain()
    await expect.poll(() => w.proxy.refused).toBeGreaterThan(3)
    w.proxy.fault = undefined
    await draining
    expect(await readMail(w.deps, w.tenant, mail.id)).toMatchObject({ state: 'sent', attempts: 1 })
    // The lane is free at once for the next mail.
    w.peer.script.after = () => undefined
    await w.accept('another')
    await w.drain()
    expect(w.peer.sent).toHaveLength(2)
    expect((await searchMails(w.deps, w.tenant)).mails).toEqual([])
  })

  test('every answer of a write gets lost once while a mail is sent: one copy, and sent', async () => {
    const w = await world()
    const { mail } = await w.accept('key')
    const met = new Set<string>()
    w.proxy.fault = (path, method) => {
      const what = `${method} ${path.replace(/\?.*|\(.*/, '')}`
      if (method === 'GET' || met.has(what)) return undefined
      met.add(what)
      return { after: 'reset' }
    }
    await w.drain()
    expect(met.size).toBeGreaterThan(4)
    expect(w.peer.sent).toHaveLength(1)
    expect(await readMail(w.deps, w.tenant, mail.id)).toMatchObject({ state: 'sent', attempts: 1 })
    expect((await searchMails(w.deps, w.tenant)).mails).toEqual([])
  })
})

describe('REL-29: the log fails', () => {
  test.each([500, 'hang'] as const)('%s: mail is sent all the same, and each dropped row is counted', async (fault) => {
    const w = await world()
    w.proxy.fault = (path) => (/sendinglog/i.test(path) ? fault : undefined)
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push((await w.accept(`key-${n}`)).mail.id)
    await w.drain()
    for (const id of ids) expect(await readMail(w.deps, w.tenant, id)).toMatchObject({ state: 'sent' })
    expect(w.peer.sent).toHaveLength(3)
    expect(w.lines.filter((line) => line === 'log-row-dropped')).toHaveLength(3)
    // The control: the log works again and says so.
    w.proxy.fault = undefined
    await w.accept('key-4')
    await w.drain()
    expect(w.lines.filter((line) => line === 'log-row-dropped')).toHaveLength(3)
  })
})
