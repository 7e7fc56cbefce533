import { beforeAll, describe, expect, inject, test } from 'vitest'
import { GatewayError } from '../../lib/errors.js'
import { mailboxesDue } from '../../lib/flows/receive/mailboxes-due.js'
import { pollBatch } from '../../lib/flows/receive/poll-batch.js'
import { pollMailbox } from '../../lib/flows/receive/poll-mailbox.js'
import { listReceived } from '../../lib/flows/receive/received-list.js'
import { readReceived, readReceivedRaw } from '../../lib/flows/receive/received-read.js'
import type { GatewayEvent } from '../../lib/model/event.js'
import { newId } from '../../lib/model/ids.js'
import type { AfterReceive, Mailbox } from '../../lib/model/mailbox.js'
import { type Message, readMessage } from '../../lib/model/messages.js'
import { storageNames, tableNames } from '../../lib/model/names.js'
import { connectionOf } from '../../lib/model/transports.js'
import type { Row } from '../../lib/ports/tables.js'
import type { Toolbox } from '../../lib/ports/toolbox.js'
import { setDue } from '../../lib/rows/due.js'
import { listLog } from '../../lib/rows/logs.js'
import { mailboxPartition, toRow } from '../../lib/rows/mailboxes.js'
import { Secret } from '../../lib/secret.js'
import { azureBlobs } from '../../lib/stores/azure-blobs.js'
import { azureTables } from '../../lib/stores/azure-tables.js'
import { memoryQueues } from '../../lib/stores/memory-queues.js'
import { connectAs } from '../support/connect/connect-as.js'
import { everyNotImported } from '../support/general/every.js'
import { sampleMailbox } from '../support/general/sample-mailbox.js'
import { shipped, toolbox } from '../support/general/toolbox.js'
import { broken, ScriptedMailbox } from '../support/receive/scripted-mailbox.js'

const connectionString = inject('azurite')
const names = storageNames(`r${newId().slice(0, 6)}`)
const storage = { tables: azureTables({ connectionString }), blobs: azureBlobs({ connectionString }) }
const hour = 3_600_000

beforeAll(async () => {
  for (const name of tableNames) await storage.tables.ensure(names.table(name))
})

/** Called before and after every request to storage, with its name. */
type Watch = (when: 'before' | 'after', request: string) => void

interface World {
  deps: Toolbox
  server: ScriptedMailbox
  mailbox: Mailbox
  events: GatewayEvent<'mail.received'>[]
  poll: (options?: { timeLimitMs?: number }) => ReturnType<typeof pollMailbox>
  /** Moves our clock and the storage server's. */
  pass: (ms: number) => void
  watch: (watch: Watch) => void
  row: () => Promise<Row | undefined>
  takeEvents: () => GatewayEvent<'mail.received'>[]
}

async function world(after: AfterReceive = { action: 'leave' }, settings = {}): Promise<World> {
  let offset = 0
  let watch: Watch = () => {}
  const watched = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name, receiver) {
        const member = Reflect.get(target, name, receiver) as unknown
        if (typeof member !== 'function' || name === 'serverNow' || name === 'take') return member
        if (name === 'query' || name === 'list')
          return (...input: unknown[]) => {
            watch('before', String(name))
            return member.apply(target, input) as unknown
          }
        return async (...input: unknown[]) => {
          watch('before', String(name))
          const result = (await member.apply(target, input)) as unknown
          watch('after', String(name))
          return result
        }
      },
    })
  const queues = memoryQueues()
  const server = new ScriptedMailbox()
  const tenant = `t-${newId().slice(0, 12)}`
  const connectionId = newId()
  const mailbox = sampleMailbox({
    tenant,
    receive: {
      transport: 'imap',
      connectionId,
      imap: { host: 'imap.example.com', port: 993, tls: 'implicit', folder: 'INBOX' },
      after,
    },
  })
  await storage.tables.insert(names.table('mailboxes'), toRow(mailbox))
  const deps = toolbox({
    names,
    tables: {
      ...watched(storage.tables),
      ...Object.fromEntries(
        (['get', 'query', 'insert', 'update', 'upsert', 'remove', 'transaction', 'ensure'] as const).map((name) => [
          name,
          watched(storage.tables)[name],
        ]),
      ),
      serverNow: async () => (await storage.tables.serverNow()) + offset,
    },
    blobs: watched(storage.blobs),
    queues: watched(queues),
    clock: { now: () => Date.now() + offset, sleep: async () => {} },
    receivers: { imap: server, graph: server },
    config: { ...shipped, maxMailBytes: 1_000_000, ...settings },
  })
  await connectAs({ ...deps, ...storage }, connectionId, { kind: 'anonymous' }, { tenant })
  const events: GatewayEvent<'mail.received'>[] = []
  const takeEvents = (): GatewayEvent<'mail.received'>[] => {
    const taken = queues.take(names.eventsQueue(tenant)) as GatewayEvent<'mail.received'>[]
    events.push(...taken)
    return taken
  }
  return {
    deps,
    server,
    mailbox,
    events,
    poll: (options) => pollMailbox(deps, { tenant, mailboxId: mailbox.id }, options),
    pass: (ms) => {
      offset += ms
    },
    watch: (next) => {
      watch = next
    },
    row: () => storage.tables.get(names.table('mailboxes'), mailboxPartition(tenant, mailbox.id), 'receiving'),
    takeEvents,
  }
}

async function rowsOf(table: string, partition: string): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of storage.tables.query(table, { partition })) rows.push(row)
  return rows
}

async function dueAt(at: World): Promise<number> {
  for (let shard = 0; shard < 32; shard++) {
    const partition = `poll~${shard.toString(16).padStart(2, '0')}`
    const key = `${at.mailbox.tenant}~${at.mailbox.id}`
    const row = await storage.tables.get(names.table('due'), partition, key)
    if (row) return Number(row['dueAt'])
  }
  return Number.POSITIVE_INFINITY
}

describe('receive', () => {
  test('M-100: mails are stored, told, listed and readable, and nothing is taken twice after a restart', async () => {
    const at = await world()
    at.server.put(1, 'one')
    at.server.put(2, 'two')
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 2 })
    expect(at.takeEvents().map((event) => event.type)).toEqual(['mail.received', 'mail.received'])
    at.pass(61_000)
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    expect(at.takeEvents()).toEqual([])

    const { tenant, id } = at.mailbox
    const first = await listReceived(at.deps, tenant, id, { limit: 1 })
    const second = await listReceived(at.deps, tenant, id, { limit: 1, after: first.next })
    expect([...first.mails, ...second.mails].map((mail) => mail.state)).toEqual(['handed-over', 'handed-over'])
    expect(second.next).toBe('')
    const ids = at.events.map((event) => String(event.data['receivedId']))
    expect(new Set([...first.mails, ...second.mails].map((mail) => mail.id))).toEqual(new Set(ids))
    expect((await readReceived(at.deps, tenant, id, ids[0]!)).parsed.text).toContain('one')
    expect(Buffer.from(await readReceivedRaw(at.deps, tenant, id, ids[1]!)).toString()).toContain('two')
    await expect(readReceivedRaw(at.deps, 'other', id, ids[1]!)).rejects.toMatchObject({ code: 'not_found' })
    for (const [owner, box] of [
      ['other', id],
      [tenant, 'sales'],
    ] as const) {
      await expect(listReceived(at.deps, owner, box, { limit: 50 })).rejects.toMatchObject({ code: 'not_found' })
      await expect(everyNotImported(at.deps, owner, box)).rejects.toMatchObject({ code: 'not_found' })
    }
    await expect(listReceived(at.deps, tenant, id, { limit: 50, after: 'page-2' })).rejects.toMatchObject({
      field: 'after',
    })
  })

  test('M-107: one log row for a poll with mail, none for an idle one', async () => {
    const at = await world()
    at.server.put(1)
    await at.poll()
    at.pass(61_000)
    await at.poll()
    const [table] = await storage.tables.list(`${names.environment}receivinglog`)
    const rows: Row[] = []
    const partitionRange: [string, string] = [`${at.mailbox.tenant}~`, `${at.mailbox.tenant}~~`]
    for await (const row of storage.tables.query(table!, { partitionRange })) rows.push(row)
    expect(rows).toMatchObject([{ outcome: 'received', handedOver: 1, failed: false }])
  })

  test('M-004: after-receive action, mails per poll and interval follow what the tenant chose', async () => {
    const at = await world()
    const { after: _, ...receive } = at.mailbox.receive as Extract<Mailbox['receive'], { transport: 'imap' }>
    await storage.tables.upsert(names.table('mailboxes'), toRow({ ...at.mailbox, receive }))
    const chosen = { afterReceive: 'mark-read', mailsPerPoll: 1, pollMinSeconds: 7200 }
    await storage.tables.insert(names.table('tenants'), {
      partitionKey: at.mailbox.tenant,
      rowKey: 'setting~tenant',
      v: 1,
      values: JSON.stringify(chosen),
    })
    at.server.put(1)
    at.server.put(2)
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
    expect(at.server.actions.map(({ action }) => action)).toEqual(['mark-read', 'mark-read'])
    expect(await dueAt(at)).toBeGreaterThan(at.deps.clock.now() + 7_100_000)
  })

  test('an idle poll costs four storage requests, and once a minute one more for the settings of the tenant', async () => {
    const at = await world()
    await at.poll()
    at.pass(20 * 60_000)
    const requests: string[] = []
    at.watch((when, request) => when === 'before' && requests.push(request))
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    expect(requests).toEqual(['query', 'query', 'update', 'query', 'upsert'])
  })

  test('M-110, REL-26: of two workers one polls, and a mailbox just polled is not polled again', async () => {
    const at = await world()
    await at.poll()
    at.pass(61_000)
    const results = await Promise.all([at.poll(), at.poll()])
    expect(results.map((result) => result.outcome).sort()).toEqual(['idle', 'leased'])
    expect((await at.poll()).outcome).toBe('leased')
  })

  test('M-110: a job of one mailbox may be followed by another at once', async () => {
    const at = await world()
    await at.poll()
    const job = { v: 1, mailboxes: [{ tenant: at.mailbox.tenant, mailboxId: at.mailbox.id }] }
    for (const uid of [0, 1]) {
      if (uid > 0) at.server.put(uid)
      expect(await pollBatch(at.deps, job)).toMatchObject([{ outcome: uid === 0 ? 'idle' : 'mail' }])
    }
  })

  test('P-15, M-102: a backlog larger than one poll goes on at once in its own job', async () => {
    const at = await world({ action: 'leave' }, { mailsPerPoll: 2 })
    for (const uid of [1, 2, 3, 4, 5]) at.server.put(uid)
    expect(await at.poll()).toMatchObject({ handedOver: 2 })
    const take = (at.deps.queues as ReturnType<typeof memoryQueues>).take
    const [job] = take<Message<'mailbox-poll'>>(names.queue('mailbox-poll'))
    expect(await pollBatch(at.deps, job!)).toMatchObject([{ handedOver: 2 }])
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
    expect(new Set(at.takeEvents().map((event) => event.id)).size).toBe(5)
  })

  test('the first sync takes only the days that were asked for', async () => {
    const at = await world()
    at.server.put(1, 'old', { receivedAt: Date.now() - 8 * 24 * hour })
    at.server.put(2, 'new')
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
  })

  test('P-11: the action at the server comes only after the hand-over, and once', async () => {
    const at = await world({ action: 'delete' })
    at.server.put(1)
    await at.poll()
    expect(at.server.actions).toEqual([{ action: 'delete', serverId: '1.1' }])
    expect(at.server.mails).toEqual([])
    expect(await at.row()).toMatchObject({ owed: '' })
  })
})

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

describe('receive: bad mails', () => {
  test('M-107, M-109, P-13: the second strike quarantines, the log says why, and the mails behind arrive', async () => {
    const at = await world()
    at.server.put(1)
    at.server.put(2, 'bad', { fault: broken('imap_fetch_refused', 'permanent') })
    at.server.put(3)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 2, code: 'imap_fetch_refused' })
    at.pass(2 * 60_000)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 0, quarantined: 1 })
    expect(at.takeEvents().map(({ type }) => type)).toEqual(['mail.received', 'mail.received', 'mail.quarantined'])
    const missing = await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)
    const reason = {
      code: 'imap_fetch_refused',
      attempts: 2,
      description: 'scripted imap_fetch_refused',
      remedy: 'scripted remedy',
    }
    expect(missing).toMatchObject([{ state: 'quarantined', ...reason }])
    const failures = await listLog(at.deps, at.mailbox.tenant, { log: 'receiving', failed: true, limit: 10 })
    expect(failures.filter((row) => row['outcome'] === 'not-imported')).toMatchObject([
      { ...reason, mailboxId: at.mailbox.id, receivedId: missing[0]?.id, class: 'permanent' },
    ])
    expect(await rowsOf(names.table('attention'), at.mailbox.tenant)).toMatchObject([
      { rowKey: `mailbox-quarantine~${at.mailbox.id}` },
    ])
  })

  test('REL-25, M-108: raw bytes are kept in quarantine when they can be had', async () => {
    const at = await world()
    at.server.put(1)
    at.server.put(2)
    for (let strike = 0; strike < 2; strike++) {
      at.watch((when, request) => {
        if (when === 'before' && request === 'transaction') throw new Error('a bug of ours')
      })
      await at.poll()
      at.watch(() => {})
      at.pass(2 * 60_000)
    }
    at.pass(hour)
    await at.poll()
    const missing = await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)
    for (const mail of missing)
      expect(Buffer.from(await readReceivedRaw(at.deps, mail.tenant, mail.mailboxId, mail.id)).toString()).toContain(
        'mail',
      )
    expect(at.takeEvents().length + missing.length).toBe(2)
  })

  test('M-109, P-13: whatever the bytes are, every mail is kept as it came, told once and readable as far as it goes', async () => {
    const at = await world()
    const noise = Array.from({ length: 3_000 }, (_, n) => String.fromCharCode((n * 7919) % 256)).join('')
    const corpus = [
      '',
      '\r\n\r\n\r\n',
      'no header at all',
      'Subject: no body',
      'Subject: bare\nline\rends\n\nx\ry',
      `From: a@example.com\r\nX: ${'x'.repeat(50_000)}\r\n\r\nlong line`,
      'Subject: =?utf-8?B?%%%?=\r\nContent-Type: text/plain; charset=x-none\r\n\r\n\xff\xfe',
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>open',
      'Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nno boundary',
      'Content-Transfer-Encoding: base64\r\n\r\n@@@not base64@@@',
      `${'Content-Type: multipart/mixed; boundary=n\r\n\r\n--n\r\n'.repeat(200)}deep`,
      'From: a\0b\r\nMessage-ID: <\0>\r\n\r\n\0',
      noise,
    ]
    for (const [n, raw] of corpus.entries()) {
      at.server.put(2 * n + 1)
      at.server.put(2 * n + 2, '', { raw })
    }
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 2 * corpus.length, quarantined: 0 })
    const events = at.takeEvents()
    expect(new Set(events.map((event) => event.id)).size).toBe(2 * corpus.length)
    const { tenant, id } = at.mailbox
    for (const [n, raw] of corpus.entries()) {
      const received = String(events[2 * n + 1]?.data['receivedId'])
      expect(
        Buffer.from(await readReceivedRaw(at.deps, tenant, id, received)).equals(Buffer.from(raw)),
        `mail ${n}`,
      ).toBe(true)
      const read = await readReceived(at.deps, tenant, id, received).catch((error: unknown) => error)
      if (read instanceof GatewayError) expect(read.code, `mail ${n}`).toBe('mail_too_complex')
      else expect(read, `mail ${n}`).toMatchObject({ parsed: { text: expect.any(String) } })
    }
  })

  test('P-12: a mail its owner removed before it was fetched is nobody’s fault, and the next one arrives', async () => {
    const at = await world()
    at.server.put(1, 'removed', { fault: broken('mail_gone', 'permanent') })
    at.server.put(2)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 1, quarantined: 0, code: '' })
    expect(await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)).toEqual([])
    expect(await at.row()).toMatchObject({ failures: 0, aside: '' })
  })

  test('a mail over the limit is listed as not imported at once', async () => {
    const at = await world({ action: 'leave' }, { maxMailBytes: 200 })
    at.server.put(1, 'x'.repeat(300))
    at.server.put(2)
    expect(await at.poll()).toMatchObject({ handedOver: 1, quarantined: 1 })
    const [missing] = await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)
    expect(missing).toMatchObject({ code: 'mail_too_large' })
  })

  test('SEC-33: two different mails with one Message-ID are both handed over', async () => {
    const at = await world()
    at.server.put(1)
    at.server.put(2, 'other', { raw: at.server.mails[0]!.raw.replace('mail 1', 'another') })
    expect(await at.poll()).toMatchObject({ handedOver: 2 })
  })
})

describe('receive: lost ids', () => {
  test('REL-21, P-17: after a change of UIDVALIDITY each mail is told once, new ones too', async () => {
    const at = await world({ action: 'leave' }, { mailsPerPoll: 2 })
    for (const uid of [1, 2, 3]) at.server.put(uid)
    await at.poll()
    await at.poll()
    at.pass(61_000)
    at.server.validity = 2
    at.server.put(4)
    at.server.put(5, 'mail 5')
    for (let poll = 0; poll < 4; poll++) {
      await at.poll()
      at.pass(61_000)
    }
    expect(at.takeEvents().map((event) => event.data['messageId'])).toEqual(
      [1, 2, 3, 4, 5].map((uid) => `<${uid}@example.com>`),
    )
    expect(await at.row()).toMatchObject({ resyncSince: 0 })
  })

  test('SEC-33: in a resync a copy cannot swallow a second mail of the same look', async () => {
    const at = await world()
    at.server.put(1)
    await at.poll()
    at.pass(61_000)
    at.server.validity = 2
    at.server.put(2, 'mail 1', { raw: at.server.mails[0]!.raw })
    await at.poll()
    expect(at.takeEvents()).toHaveLength(2)
  })

  test('P-12: after a switch to another server the mails we know are not told again', async () => {
    const at = await world()
    at.server.put(1)
    await at.poll()
    at.pass(61_000)
    const receive = { ...at.mailbox.receive, transport: 'graph', folder: 'inbox' } as Mailbox['receive']
    await storage.tables.upsert(names.table('mailboxes'), toRow({ ...at.mailbox, receive, epoch: 2 }))
    at.server.validity = 7
    at.server.put(2)
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
    expect(new Set(at.takeEvents().map((event) => event.data['messageId'])).size).toBe(2)
  })
})

describe('receive: which mailbox', () => {
  test("SEC-17: 'me' is never kept across a change of connection", async () => {
    const at = await world()
    const targets: string[] = []
    const open = at.server.open.bind(at.server)
    at.deps.receivers.graph = {
      open: async (target) => {
        targets.push(target.transport === 'graph' ? target.graph.mailbox : '')
        return open()
      },
    }
    const use = async (username: string): Promise<void> => {
      const receive: Mailbox['receive'] = {
        transport: 'graph',
        connectionId: newId(),
        folder: 'inbox',
        after: { action: 'leave' },
      }
      await storage.tables.upsert(names.table('mailboxes'), toRow({ ...at.mailbox, receive }))
      const identity = { issuer: '', subject: '', username }
      await connectAs(at.deps, receive.connectionId, { kind: 'anonymous' }, { tenant: at.mailbox.tenant, identity })
      await at.poll()
      at.pass(20 * 60_000)
    }
    await use('INFO@example.com')
    await use('delegate@example.com')
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    expect(targets).toEqual(['me', 'info@example.com', 'info@example.com'])
  })
})

describe('receive: troubles of the server and of people', () => {
  test('a transient failure backs off, people are told when it lasts, recovery is noted', async () => {
    const at = await world()
    at.server.openFault = broken('net_refused', 'transient')
    for (let failures = 1; failures <= 6; failures++) {
      expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'net_refused' })
      const attention = await rowsOf(names.table('attention'), at.mailbox.tenant)
      expect(attention).toHaveLength(failures >= 5 ? 1 : 0)
      at.pass(61_000)
    }
    expect(await dueAt(at)).toBeGreaterThan(Date.now() + 20 * 60_000)
    at.server.openFault = undefined
    at.server.put(1)
    expect(await at.poll()).toMatchObject({ outcome: 'mail' })
    expect(await rowsOf(names.table('attention'), at.mailbox.tenant)).toEqual([])
    expect(await at.row()).toMatchObject({ failures: 0, attention: false, code: '' })
  })

  test('needs-reconnect stops polling, tells once, and works again after the reconnect', async () => {
    const at = await world()
    const connectionId = connectionOf(at.mailbox.receive)
    const { tenant } = at.mailbox
    await connectAs(at.deps, connectionId, { kind: 'password', user: 'info', password: new Secret('p') }, { tenant })
    await at.deps.vault.remove(names.connectionSecret(connectionId, 1))
    await at.poll()
    expect(await dueAt(at)).toBeLessThan(Date.now() + 5 * 60_000)
    expect(await rowsOf(names.table('attention'), at.mailbox.tenant)).toEqual([])
    at.pass(3 * 60_000)
    await at.poll()
    expect(await dueAt(at)).toBeGreaterThan(Date.now() + 10 * hour)
    expect(at.server.opened).toBe(0)
    const [row] = await rowsOf(names.table('attention'), at.mailbox.tenant)
    expect(row).toMatchObject({ rowKey: `mailbox-receive~${at.mailbox.id}`, class: 'needs-reconnect' })
    await connectAs(at.deps, connectionId, { kind: 'anonymous' }, { tenant })
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    expect(await rowsOf(names.table('attention'), at.mailbox.tenant)).toEqual([])
  })

  test('REL-27: a server that never answers costs its poll the time limit and no more', async () => {
    const slow = await world()
    slow.server.hangs = true
    expect(await slow.poll({ timeLimitMs: 50 })).toMatchObject({ outcome: 'failed', code: 'poll_timeout' })
  })

  test('a mailbox that is switched off is no longer due', async () => {
    const at = await world()
    await setDue(at.deps, { kind: 'poll', tenant: at.mailbox.tenant, id: at.mailbox.id }, Date.now())
    await storage.tables.upsert(names.table('mailboxes'), toRow({ ...at.mailbox, active: false }))
    expect(await at.poll()).toMatchObject({ outcome: 'off' })
    expect(await dueAt(at)).toBe(Number.POSITIVE_INFINITY)
  })

  test('P-14: due mailboxes come in jobs, oldest first, and two timers share them', async () => {
    const at = await world()
    const ids = Array.from({ length: 230 }, () => newId())
    await Promise.all(
      ids.map((id, n) => setDue(at.deps, { kind: 'poll', tenant: at.mailbox.tenant, id }, Date.now() - n * 1_000)),
    )
    const counts = await Promise.all([mailboxesDue(at.deps), mailboxesDue(at.deps)])
    const jobs = (at.deps.queues as ReturnType<typeof memoryQueues>).take<Message<'mailbox-poll'>>(
      names.queue('mailbox-poll'),
    )
    const told = jobs.flatMap((job) => job.mailboxes.map((one) => one.mailboxId)).filter((id) => ids.includes(id))
    expect(new Set(told).size).toBe(230)
    expect(told).toHaveLength(230)
    expect(counts[0]! + counts[1]!).toBeGreaterThanOrEqual(230)
    expect(Math.max(...jobs.map((job) => job.mailboxes.length))).toBeLessThanOrEqual(200)
  })

  test('SEC-18: a job with foreign or malformed ids is refused', async () => {
    const one = { tenant: 'acme', mailboxId: newId() }
    expect(readMessage('mailbox-poll', { v: 1, mailboxes: [one] })).toHaveProperty('message')
    const foreign = [{ ...one, tenant: 'A B' }, { ...one, mailboxId: 'x' }, {}].map((it) => ({ v: 1, mailboxes: [it] }))
    const many = { v: 1, mailboxes: Array.from({ length: 201 }, () => one) }
    for (const job of [{}, [], ...foreign, many, { v: 0, mailboxes: [] }])
      expect(readMessage('mailbox-poll', job)).toEqual({ other: job })
  })
})
