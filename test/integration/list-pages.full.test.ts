/** Each list of the API, read by a client that knows nothing but `next`. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Operation } from '../../lib/http/api/operation.js'
import { operations } from '../../lib/http/api/operations.js'
import { silentLog } from '../../lib/log.js'
import { hashId, newId } from '../../lib/model/ids.js'
import { connectionToRow } from '../../lib/rows/connections.js'
import { writeLog } from '../../lib/rows/logs.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { listKey, receivedKey } from '../../lib/rows/received.js'
import { sampleConnection } from '../support/general/sample-connection.js'
import { sampleMailbox } from '../support/general/sample-mailbox.js'
import { type AdminSite, shiftedClock, startAdminSite } from '../support/http/admin-site.js'
import { type ApiInput, callApi, type OperationKey } from '../support/http/api-call.js'

let site: AdminSite
type Tenant = Awaited<ReturnType<AdminSite['tenant']>>
let mine: Tenant
let theirs: Tenant
const amount = 7
const numbers = Array.from({ length: amount }, (_, n) => n)
const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')

beforeAll(async () => {
  site = await startAdminSite(inject('azurite'))
  mine = await site.tenant('mine')
  theirs = await site.tenant('theirs')
}, 60_000)
afterAll(() => site.stop())

interface List {
  /** Adds rows of this tenant; more than one page of two holds. */
  fill(tenant: Tenant): Promise<Omit<ApiInput, 'key'> | undefined>
  /** By whom it is read, when not by an administrator of the tenant. */
  by?: 'operator'
}

const inTenants = (prefix: string, columns: (n: number) => object, owner?: string) => async (tenant: Tenant) => {
  for (const n of numbers) {
    const rowKey = `${prefix}~${hashId(prefix, owner ?? tenant.id, String(n))}`
    const row = { partitionKey: owner ?? tenant.id, rowKey, v: 1, ...columns(n) }
    await site.tables.upsert(site.names.table('tenants'), row)
  }
  return undefined
}
const createdAt = '2026-01-31T08:00:00.000Z'
const registration = {
  kind: 'microsoft',
  name: 'mail',
  authority: 'https://login.microsoftonline.com/common',
  clientId: 'x',
  secretName: '',
}

const mailboxOf = async ({ id }: Tenant): Promise<string> => {
  const box = sampleMailbox({ tenant: id, address: `a${newId()}@example.com` })
  await site.tables.insert(site.names.table('mailboxes'), toRow(box))
  return box.id
}

const received = (query: Record<string, string>) => async (tenant: Tenant) => {
  const mailboxId = await mailboxOf(tenant)
  const partitionKey = `${tenant.id}~${mailboxId}`
  for (const n of numbers) {
    // Three at the same time: the rest of the key keeps their order.
    const at = Date.parse(createdAt) + Math.floor(n / 3)
    const id = newId()
    const row = { v: 1, state: n % 2 ? 'quarantined' : 'stored', receivedAt: at, eventId: newId(), from: tenant.id }
    await site.tables.insert(site.names.table('received'), { partitionKey, rowKey: receivedKey(id), ...row })
    await site.tables.insert(site.names.table('received'), { partitionKey, rowKey: listKey(at, id), v: 1, h: id })
  }
  return { params: { id: mailboxId }, query }
}

const card = (partitionKey: string, rowKey: string) =>
  site.tables.upsert(site.names.table('attention'), {
    ...{ partitionKey, rowKey, v: 1, since: createdAt, code: 'broken', class: 'needs-admin', hint: '' },
    description: partitionKey,
  })

const cards = async (tenant: Tenant) => {
  for (const _ of numbers) await card(tenant.id, `message~${newId()}`)
  // Of the deployment: one that the tenant's connections use, and others.
  const registrationId = newId()
  const connection = sampleConnection({ mode: 'delegated', provider: 'microsoft', tenant: tenant.id, registrationId })
  await site.tables.insert(site.names.table('connections'), connectionToRow(connection))
  await card('~', `registration~${registrationId}`)
  for (const _ of numbers) await card('~', `registration~${newId()}`)
  return undefined
}

/** Every list of the table must be in here; `null`: one that can never have a second page. */
const lists: Partial<Record<OperationKey, List[] | null>> = {
  tenantList: [
    {
      by: 'operator',
      async fill({ id }) {
        for (const n of numbers) await site.gateway.admin.createTenant({ id: `${id}${'x'.repeat(n)}-${n}`, name: id })
        return undefined
      },
    },
  ],
  holderList: null,
  keyList: [{ fill: inTenants('apikey', () => ({ name: 'k', role: 'app', createdAt, expiresAt: 0, hash: 'x' })) }],
  returnUrlList: [{ fill: inTenants('returnurl', (n) => ({ url: `https://app.example/${n}` })) }],
  webhookList: [{ fill: inTenants('endpoint', (n) => ({ url: `https://app.example/${n}`, createdAt })) }],
  registrationList: [
    {
      async fill(tenant) {
        await inTenants('registration', () => registration)(tenant)
        return inTenants('registration', () => registration, '~')(tenant)
      },
    },
  ],
  signInList: [
    {
      async fill({ id }) {
        for (const n of numbers)
          await site.gateway.connect.startSignIn(
            { tenant: id, role: 'tenant-admin' },
            {
              ...{ address: `s${n}@contoso.example`, displayName: '', receive: true, send: false, transport: 'auto' },
              confirmation: 'tenant-admin',
            },
          )
        return undefined
      },
    },
  ],
  adminConsentList: [
    {
      fill: inTenants('consent', (n) => ({
        ...{ mode: 'delegated', registrationId: newId(), directory: `${n}`, administrator: 'a', administratorId: 'b' },
        ...{ scopes: '[]', consentedAt: createdAt },
      })),
    },
  ],
  connectionList: [
    {
      async fill({ id }) {
        for (const n of numbers) {
          const about = { mode: 'password', provider: 'basic', tenant: id, username: `u${9 - n}` } as const
          await site.tables.insert(site.names.table('connections'), connectionToRow(sampleConnection(about)))
        }
        return undefined
      },
    },
  ],
  mailboxList: [
    {
      async fill(tenant) {
        for (const _ of numbers) await mailboxOf(tenant)
        return undefined
      },
    },
  ],
  mailList: [
    {
      async fill(tenant) {
        const mailboxId = await mailboxOf(tenant)
        const transport = { transport: 'graph', connectionId: newId() }
        const row = { partitionKey: `${tenant.id}~${mailboxId}`, rowKey: 'mailbox', send: JSON.stringify(transport) }
        await site.tables.upsert(site.names.table('mailboxes'), row)
        const body = { mailboxId, to: ['ben@contoso.example'], subject: 's', text: 'x', hold: true }
        for (const _ of numbers)
          expect(await callApi('mailSubmit', { key: tenant.key, body })).toMatchObject({ status: 202 })
        return undefined
      },
    },
  ],
  receivedList: [{ fill: received({}) }, { fill: received({ state: 'not-imported' }) }],
  logList: [
    {
      async fill({ id: tenant }) {
        const { tables, names } = site
        const clock = shiftedClock(() => Date.parse(createdAt))
        const deps = { tables, names, clock, log: silentLog } as never
        for (const n of numbers) await writeLog(deps, 'sendinglog', { tenant, state: 'sent', attempt: n })
        return { query: { day: createdAt.slice(0, 10).replaceAll('-', '') } }
      },
    },
  ],
  attentionList: [{ fill: cards }, { fill: cards, by: 'operator' }],
}

const isList = ({ method, success, name }: Operation): boolean =>
  method === 'GET' && success[0] === 200 && name.endsWith('-list')
const all = (Object.entries(operations) as [OperationKey, Operation][]).filter(([, operation]) => isList(operation))

/** The rows of a page, under whatever name they stand. */
// biome-ignore lint/suspicious/noExplicitAny: rows of any list
const rowsOf = (json: any): any[] => {
  expect(Object.keys(json)).toHaveLength(2)
  const [name] = Object.keys(json).filter((one) => one !== 'next')
  expect(Array.isArray(json[name!])).toBe(true)
  return json[name!]
}

test('D6: each list of the table is tried here, and takes limit and after unless it has one page only', async () => {
  expect(Object.keys(lists).sort()).toEqual(all.map(([key]) => key).sort())
  for (const [key, { query, summary, description = '' }] of all) {
    const names = Object.keys((await query?.())?.shape ?? {})
    if (lists[key] === null) expect(`${summary} ${description}`, key).toContain('always one page')
    else expect(names, key).toEqual(expect.arrayContaining(['limit', 'after']))
  }
})

const cases = all.flatMap(([key]) => (lists[key] ?? []).map((list, n) => ({ key, list, title: `${key} ${n}` })))

describe.each(cases)('D6: $title', ({ key, list }) => {
  const forged: string[] = []
  let input: Omit<ApiInput, 'key'> | undefined
  const read = async (tenant: Tenant, query: Record<string, string>) =>
    callApi(key, {
      ...input,
      key: list.by === 'operator' ? site.operatorKey : tenant.key,
      ...(list.by === 'operator' && operations[key].tenant ? { tenant: '~' } : {}),
      query: { ...input?.query, ...query },
    })
  /** As a client that only follows `next`. */
  const follow = async (tenant: Tenant, limit: string) => {
    const found: object[] = []
    const places: string[] = []
    for (let after: Record<string, string> = {}; ; ) {
      const { status, json } = await read(tenant, { limit, ...after })
      expect(status, JSON.stringify(json)).toBe(200)
      const rows = rowsOf(json)
      expect(rows.length).toBeLessThanOrEqual(Number(limit))
      found.push(...rows)
      if (json.next === null) return { found, places }
      places.push(json.next)
      after = { after: json.next }
    }
  }

  test('more rows than a page are listed completely and once, in one order', async () => {
    await list.fill(theirs)
    if (list.by !== 'operator') {
      // What is foreign is read with its own input, for its places.
      input = await list.fill(theirs)
      forged.push(...(await follow(theirs, '2')).places)
    }
    input = await list.fill(mine)
    const small = await follow(mine, '2')
    const whole = await follow(mine, '200')
    expect(small.found.length).toBeGreaterThanOrEqual(amount)
    expect(small.places.length).toBeGreaterThan(2)
    expect(small.found).toEqual(whole.found)
    expect(new Set(small.found.map((row) => JSON.stringify(row))).size).toBe(small.found.length)
    expect(await follow(mine, '3')).toMatchObject({ found: whole.found })
  }, 60_000)

  test('a forged place leads to rows of the same tenant or is refused with the cure', async () => {
    const { found } = await follow(mine, '200')
    const own = new Set(found.map((row) => JSON.stringify(row)))
    const odd = [
      '~',
      '..',
      '0~',
      '9~a',
      'x y',
      "' or 1 eq 1",
      '0~~~',
      '~~',
      `${theirs.id}~`,
      `~~apikey~a`,
      'é',
      '0~%00',
      'theirs~message~a',
      'mine~~',
      't~9999999999999',
      `${'z'.repeat(201)}`,
      '0~tenant~a',
      '-1~a',
      '1e3~a',
    ]
    let refused = 0
    for (const after of [...odd, ...forged]) {
      const { status, json } = await read(mine, { after, limit: '200' })
      if (status === 200) for (const row of rowsOf(json)) expect(own, after).toContain(JSON.stringify(row))
      else {
        refused += 1
        expect(status, after).toBe(400)
        expect(json.problems, after).toEqual([{ field: 'after', message: expect.stringMatching(/next|200/) }])
      }
    }
    expect(refused).toBeGreaterThan(10)
    for (const limit of ['0', '201', '-1', '1.5', 'all', ''])
      expect((await read(mine, { limit })).json.problems, limit).toEqual([
        { field: 'limit', message: expect.stringContaining('1 to 200') },
      ])
  }, 60_000)
})

test('D6: a list that can have one row has the same shape', async () => {
  const query = { address: `nobody${today}@x.example` }
  const { json } = await callApi('holderList', { key: site.operatorKey, query })
  expect(json).toEqual({ holders: [], next: null })
})
