/**
 * The host process really dies, by SIGKILL, whenever it has one certain mail in hand: as soon as the mail server is asked
 * for its bytes, before they arrive. Everything is the real wiring; only the minute that a dead worker's lease still has is
 * taken off the stored row.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { QueueClient } from '@azure/storage-queue'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatewayEvent } from '../../lib/model/event.js'
import { storageNames } from '../../lib/model/names.js'
import { azureTables } from '../../lib/stores/azure-tables.js'
import { apiClient } from '../../local/api-client.js'
import { demoTenant, demoTenantId } from '../../local/demo-tenant.js'
import { postbox, type Stack, startStack } from '../../local/stack.js'
import { connectBoth } from '../support/soak/crash-run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ root })
}, 300_000)

afterAll(() => stack?.stop(), 60_000)

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 120_000; Date.now() < end; await delay(250)) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(`${what}: not within two minutes`)
}

/** Kills the host while it has the mail with this UID in hand. `deaths` counts; `end` lets it live. */
function poison(uid: number): { deaths: () => number; death: () => Promise<void>; end: () => void } {
  const { commands } = stack.imap
  const push = commands.push
  let deaths = 0
  let death: Promise<void> | undefined
  const isOf = (set: string): boolean =>
    set.split(',').some((part) => {
      const [from = 0, to = from] = part.split(':').map(Number)
      return from <= uid && uid <= to
    })
  commands.push = (...seen) => {
    for (const { line, user } of seen) {
      const [, set = ''] = /^\S+ UID FETCH (\S+) .*BODY/i.exec(line) ?? []
      if (user !== postbox.address || !isOf(set) || death !== undefined) continue
      deaths++
      death = stack.host().kill()
    }
    return push.apply(commands, seen)
  }
  return {
    deaths: () => deaths,
    death: async () => {
      await death
      death = undefined
    },
    end: () => {
      commands.push = push
    },
  }
}

test('H2, C4: a mail that kills the process is alone in quarantine after two deaths of its own, told, on a card, and imported on request', async () => {
  const tenant = await demoTenant(stack)
  const app = apiClient(stack.url, tenant.appKey)
  const [, mailboxId = ''] = await connectBoth(apiClient(stack.url, tenant.adminKey), app)
  const names = storageNames(String(stack.settings['ENVIRONMENT_ID']))
  const tables = azureTables({ connectionString: stack.connectionString })
  const queue = new QueueClient(stack.connectionString, names.eventsQueue(demoTenantId))

  const events = new Map<string, GatewayEvent>()
  const told = async (): Promise<GatewayEvent[]> => {
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 3_600 })
    for (const { messageText } of receivedMessageItems) {
      const event = JSON.parse(Buffer.from(messageText, 'base64').toString()) as GatewayEvent
      if (event.type !== 'connection.changed') events.set(event.id, event)
    }
    return [...events.values()]
  }
  const received = async (): Promise<string[]> => {
    const all = (await told()).filter(({ type }) => type === 'mail.received') as GatewayEvent<'mail.received'>[]
    return all.flatMap(({ data }) => /poison-(\w+)@/.exec(data.messageId ?? '')?.[1] ?? []).sort()
  }
  const cards = async () =>
    (await app.list<{ kind: string; description: string; actions: { path: string }[] }>('attention')).filter(
      ({ kind }) => kind === 'mailbox-quarantine',
    )
  const poll = (): Promise<unknown> => app.call('POST', `v1/mailboxes/${mailboxId}/poll`)
  /** A host dies, its lease runs out, another host starts. */
  const revive = async (): Promise<void> => {
    const place = { partitionKey: `${demoTenantId}~${mailboxId}`, rowKey: 'receiving' }
    const table = names.table('mailboxes')
    const row = await tables.get(table, place.partitionKey, place.rowKey)
    await tables.update(table, { ...place, leaseUntil: 0 }, row?.etag ?? '')
    await stack.restartHost()
  }

  const uids = ['a', 'b', 'bad', 'c', 'd'].map((name) => {
    const raw = `From: kim@example.com\r\nSubject: ${name}\r\nMessage-ID: <poison-${name}@example.com>\r\n\r\nHello\r\n`
    stack.imap.deliver(postbox.address, raw)
    return stack.imap.store.folder(postbox.address, 'INBOX')?.messages.at(-1)?.uid ?? 0
  })
  const poisoned = poison(uids[2] ?? 0)
  const listed = async (): Promise<{ id: string; code: string }[]> => {
    const place = `v1/mailboxes/${mailboxId}/received?state=not-imported`
    return (await app.call<{ mails: { id: string; code: string }[] }>('GET', place)).mails
  }

  /** Polls, and starts another host whenever one died, until it is so. */
  const through = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    await until(what, async () => {
      const before = poisoned.deaths()
      await poll().catch(() => {})
      for (let wait = 0; wait < 20 && poisoned.deaths() === before; wait++) {
        await delay(250)
        if (await isSo().catch(() => false)) return true
      }
      if (poisoned.deaths() > before) {
        await poisoned.death()
        await revive()
      }
      return (await isSo().catch(() => false)) || undefined
    })
  }

  await through('quarantine', async () => (await listed()).some(({ code }) => code === 'mail_killed_poll'))
  // One with several mails in hand accuses nobody; two with this one alone.
  expect(poisoned.deaths()).toBe(3)
  expect(await until('the others', async () => ((await received()).length >= 4 ? received() : undefined))).toEqual([
    'a',
    'b',
    'c',
    'd',
  ])
  const [missing] = await listed()
  const quarantined = async () => (await told()).filter(({ type }) => type === 'mail.quarantined')
  expect(
    await until('the event', async () => ((await quarantined()).length > 0 ? quarantined() : undefined)),
  ).toMatchObject([{ data: { mailboxId, receivedId: missing?.id, code: 'mail_killed_poll' } }])
  const [card, ...others] = await cards()
  expect(others).toEqual([])
  expect(card).toMatchObject({
    description: expect.stringMatching(/^1 mail of paula@postbox\.example /),
    actions: [{ path: `/api/v1/mailboxes/${mailboxId}/import` }],
  })

  // Imported while it still kills: one death, back again, and no more of them.
  await app.call('POST', `v1/mailboxes/${mailboxId}/import`)
  await through('quarantine again', async () => (await quarantined()).length === 2)
  expect(poisoned.deaths()).toBe(4)
  await poll()
  await until('a poll', async () => ((await cards()).length === 1 ? true : undefined))
  expect(poisoned.deaths()).toBe(4)

  // The cause is removed.
  poisoned.end()
  expect(await app.call('POST', `v1/mailboxes/${mailboxId}/import`)).toEqual({ importing: 1, outOfReach: 0 })
  await until('the card to go', async () => ((await cards()).length === 0 ? true : undefined))
  expect(await until('its event', async () => ((await received()).includes('bad') ? received() : undefined))).toEqual([
    'a',
    'b',
    'bad',
    'c',
    'd',
  ])
  expect(await listed()).toEqual([])
}, 400_000)
