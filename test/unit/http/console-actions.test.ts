/**
 * O5: what cannot be taken back is asked first; O7: what a card offers can be done. Both are enumerated from the tables that
 * the pages, the handler and the API are made of, so an action that is added is in here by itself.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { beforeEach, describe, expect, test } from 'vitest'
import { notFound } from '../../../lib/errors.js'
import type { Operation } from '../../../lib/http/api/operation.js'
import { operations } from '../../../lib/http/api/operations.js'
import { consoleActionHandler } from '../../../lib/http/console/console-action-handler.js'
import type { ConsoleGateway } from '../../../lib/http/console/console-handler.js'
import { formToken, newSession, sealSession } from '../../../lib/http/console/console-session.js'
import { type AttentionItem, attentionActions, attentionKinds } from '../../../lib/model/attention.js'
import type { Caller, Role } from '../../../lib/model/caller.js'
import { type ActionKind, type ConsoleAction, consoleActions, notices } from '../../../lib/pages/console/actions.js'
import { html } from '../../../lib/pages/html.js'
import { sealer } from '../../../lib/protocol/seal.js'
import { samplePages } from '../../support/console/console-samples.js'

interface Entry {
  kind: ActionKind
  name: string
  action: ConsoleAction
}

const all: Entry[] = Object.entries(consoleActions).flatMap(([kind, actions]) =>
  Object.entries(actions as Record<string, ConsoleAction>).map(([name, action]) => ({
    kind: kind as ActionKind,
    name,
    action,
  })),
)
const asking = all.filter(({ action }) => 'question' in action)
const operationOf = (name: string): Operation => (operations as Record<string, Operation>)[name]!

const folder = new URL('../../../functions/', import.meta.url)
const functions = readdirSync(folder)
  .filter((file) => file.startsWith('console-'))
  .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }))

/** Posts that are no action on a thing, and why nobody is asked. */
const otherPosts: Record<string, string> = {
  'console-sign-in.ts': 'Begins a session; pressing "Sign out" ends it.',
  'console-sign-out.ts': 'Ends the own session; signing in begins another.',
  'console-server-mailbox.ts': 'The form is the question: what is typed is tested before it is saved.',
  'console-registration-secret.ts': 'The form is the question: what is typed is tried before it is saved.',
}

describe('O5: every POST of the console asks first, or says why it need not', () => {
  test('O5: each function that takes a POST has its actions in the table, or is listed with a reason', () => {
    const posting = functions.filter(({ text }) => /methods: \[[^\]]*'POST'/.test(text))
    expect(posting.length).toBeGreaterThan(6)
    for (const { file, text } of posting) {
      const kind = /consoleActionHandler\(\s*gateway,\s*'([^']+)'/.exec(text)?.[1]
      if (kind === undefined) expect(otherPosts, file).toHaveProperty([file])
      else expect(consoleActions, file).toHaveProperty([kind])
    }
  })

  test.each(all)('O5: $kind $name asks, or is harmless for a reason', ({ action }) => {
    expect(Object.hasOwn(operations, action.operation)).toBe(true)
    if ('question' in action) {
      expect(action.question.title).toMatch(/\?$/)
      expect(action.question.text.length).toBeGreaterThan(40)
    } else expect(action.harmless.length).toBeGreaterThan(20)
  })

  test('O5: what stops mail, drops something or cannot be called back is among those that ask', () => {
    const names = asking.map(({ kind, name }) => `${kind} ${name}`)
    expect(names).toEqual([
      ...['mails cancel', 'mails send-now', 'mails resolve-sent', 'mails resolve-not-sent', 'mails resolve-resend'],
      ...['mailboxes retry-mails', 'mailboxes pause', 'sign-ins reject', 'webhooks remove'],
    ])
    for (const { action, kind, name } of all.filter(({ action }) => !('question' in action)))
      expect(operationOf(action.operation).method, `${kind} ${name}`).not.toBe('DELETE')
  })

  test('O5: no page posts an action that asks, but its own question', () => {
    for (const [page, text] of Object.entries(samplePages()))
      for (const { kind, name } of asking) {
        const posts = [...text.matchAll(/<form method="post" action="\/console\/([^/"]+)\/[^/"]+\/([^"?]+)/g)]
        const offered = posts.some((found) => found[1] === kind && found[2] === name)
        expect(offered, `${page} ${kind} ${name}`).toBe(page === `ask-${kind}-${name}`)
      }
  })

  test('O5: what a page says afterwards is in the table', () => {
    for (const { kind, name, action } of all) expect(notices.get(`${kind}-${name}`)).toBe(action.done)
  })
})

const seals = sealer([{ id: '202611', key: new Uint8Array(32).fill(7) }])
const acted: string[] = []
const audited: string[] = []
const admitted: (string | undefined)[] = []
let role: Role = 'tenant-admin'
const gateway: ConsoleGateway = {
  config: { publicBaseUrl: 'https://gateway.example' },
  admit: (_tenant, kind) => void admitted.push(kind),
  admin: { beginConsoleSession: async () => {}, isConsoleSession: async () => true, endConsoleSession: async () => {} },
  authenticate: async (): Promise<Caller> => ({ role, tenant: 'acme', keyId: 'k' }),
  sealer: async () => seals,
  readTenant: async () => {},
  audit: async (_caller, { tenant, action, subjects }) => void audited.push(`${tenant} ${action} ${subjects}`),
}

async function ask(kind: ActionKind, name: string, fields?: Record<string, string>): Promise<HttpResponseInit> {
  const handler = consoleActionHandler(async () => gateway, kind, {
    async describe(_call, id) {
      if (id !== 'x1') throw notFound('thing')
      return html`<dt>About</dt><dd>this one</dd>`
    },
    async act({ tenant }, id, done) {
      acted.push(`${tenant} ${kind} ${id} ${done}`)
      return undefined
    },
  })
  const session = newSession('key', Date.now())
  const body = fields && new URLSearchParams({ csrf: formToken(session), ...fields }).toString()
  const request = new HttpRequest({
    method: body === undefined ? 'GET' : 'POST',
    url: `https://gateway.example/console/${kind}/x1/${name}`,
    headers: {
      cookie: `__Host-console=${sealSession(seals, session)}`,
      'content-type': 'application/x-www-form-urlencoded',
      ...(body === undefined ? {} : { 'content-length': String(body.length) }),
    },
    params: { id: 'x1', action: name },
    ...(body === undefined ? {} : { body: { string: body } }),
  })
  return (await handler(request, new InvocationContext({ logHandler: () => undefined }))) as HttpResponseInit
}

const sure = { sure: 'yes' }

beforeEach(() => {
  for (const list of [acted, audited, admitted]) list.length = 0
  role = 'tenant-admin'
})

describe('O5: the handler', () => {
  test.each(asking)(
    'O5: $kind $name: the question changes nothing, a press without it neither, its answer acts once',
    async ({ kind, name, action }) => {
      const question = await ask(kind, name)
      expect(question.status).toBe(200)
      expect(question.body).toContain('this one')
      expect(question.body).toContain('name="sure" value="yes"')
      expect(question.body).toContain('No, go back')
      const unasked = await ask(kind, name, {})
      expect(unasked.status).toBe(409)
      expect(unasked.body).toContain('question_unanswered')
      expect([acted, audited]).toEqual([[], []])
      const answered = await ask(kind, name, sure)
      expect(answered.status).toBe(303)
      expect((answered.headers as Record<string, string>)['location']).toMatch(new RegExp(`done=${kind}-${name}$`))
      expect(acted).toEqual([`acme ${kind} x1 ${name}`])
      expect(audited).toEqual([`acme console-${name} x1`])
      expect(admitted.at(-1)).toBe(operationOf(action.operation).limited)
    },
  )

  test.each(all.filter((one) => !asking.includes(one)))(
    'O5: $kind $name acts at one press; its address alone leads back',
    async ({ kind, name, action }) => {
      expect((await ask(kind, name)).status).toBe(303)
      expect(acted).toEqual([])
      expect((await ask(kind, name, {})).status).toBe(303)
      expect(acted).toEqual([`acme ${kind} x1 ${name}`])
      expect(admitted.at(-1), 'A11').toBe(operationOf(action.operation).limited)
    },
  )

  test.each(all)('SEC-17: $kind $name follows the roles of its operation', async ({ kind, name, action }) => {
    role = 'app'
    const mayDo = operationOf(action.operation).roles.includes('app')
    expect((await ask(kind, name, sure)).status).toBe(mayDo ? 303 : 403)
    expect(acted).toHaveLength(mayDo ? 1 : 0)
  })

  test.each(['unknown', 'constructor', '__proto__', 'toString', ''])('no action %j', async (name) => {
    expect((await ask('mails', name, sure)).status).toBe(409)
    expect(acted).toEqual([])
  })
})

/** Routes of the console by method, as the functions register them. */
const routes = functions.flatMap(({ text }) => {
  const [, methods = '', route = ''] = /methods: \[([^\]]+)\][^}]*route: '([^']+)'/s.exec(text) ?? []
  return [...methods.matchAll(/'(\w+)'/g)].map(([, method]) => ({ method, pattern: patternOf(route) }))
})

function patternOf(route: string): RegExp {
  return new RegExp(`^/${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

const classes = ['transient', 'permanent', 'needs-reconnect', 'needs-admin'] as const
const cards = attentionKinds.flatMap((kind) =>
  classes.map((errorClass): Pick<AttentionItem, 'kind' | 'id' | 'class' | 'code' | 'mailboxId'> & { body: string } => ({
    kind,
    id: 'q7m2ztn4kc5xw3hdrjfvbeuags',
    class: errorClass,
    code: 'aadsts_7000215',
    mailboxId: 'm4x7mq2zkc5tn3hdrjfvbeuags',
    body: JSON.stringify({ name: 'App', kind: 'microsoft', clientId: crypto.randomUUID(), directory: 'organizations' }),
  })),
)

describe('O7: what a card offers can be done', () => {
  test('O7: the cards offer something to press', () => {
    expect(cards.flatMap((card) => attentionActions(card)).length).toBeGreaterThan(20)
  })

  test.each(cards)('O7: $kind, $class', async (card) => {
    for (const offer of attentionActions(card)) {
      const operation = operationOf(offer.operation)
      expect(operation, offer.operation).toBeDefined()
      expect(offer.method).toBe(operation.method)
      expect(offer.path).toMatch(patternOf(operation.route))
      const hit = (method: string) =>
        routes.some((one) => one.method === method && one.pattern.test(`/console${offer.console}`))
      expect(hit('POST'), offer.console).toBe(true)
      expect(hit('GET'), `${offer.console} is asked for, or opened again after a sign-in`).toBe(true)
      const [, kind = '', , name = ''] = offer.console.split('/')
      if (offer.operation === 'registrationSave') expect(offer.asks).toBe(true)
      else {
        const entry = all.find((one) => one.kind === kind && one.name === name)
        expect(entry?.action.operation, offer.console).toBe(offer.operation)
        expect(offer.asks ?? false, offer.console).toBe('question' in entry!.action)
      }
      const body = operation.bodyOptional || offer.body === undefined ? '{}' : offer.body
      const schema = await operation.body?.()
      if (schema !== undefined)
        expect(schema.safeParse(JSON.parse(body)).success, `${offer.operation} ${body}`).toBe(true)
    }
  })

  test('O7: a connection that waits for an administrator can be tried, also when no mailbox is known', () => {
    const offers = attentionActions({
      kind: 'connection',
      id: 'c1',
      class: 'needs-admin',
      code: 'aadsts_7000215',
      mailboxId: '',
    })
    expect(offers.map(({ operation, console }) => [operation, console])).toEqual([
      ['connectionRetry', '/connections/c1/retry'],
    ])
  })

  test('O7 M-160: a registration that is refused can be retried; a secret that ends asks for a new one alone', () => {
    const about = { kind: 'registration', id: 'r1', class: 'needs-admin', mailboxId: '' } as const
    const offered = (code: string) => attentionActions({ ...about, code }).map(({ operation }) => operation)
    expect(offered('aadsts_7000112')).toEqual(['registrationSave', 'registrationRetry'])
    expect(offered('secret_expires_in_14_days')).toEqual(['registrationSave'])
    expect(offered('secret_expired')).toEqual(['registrationSave'])
  })
})
