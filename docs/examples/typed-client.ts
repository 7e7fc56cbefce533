/**
 * The story of `app.mjs` with types: `mailbox-gateway.d.ts` is made from the gateway's own description, so a name that the
 * API does not have does not compile. Needs the packages openapi-typescript, typescript 5 and openapi-fetch.
 *
 *   npx openapi-typescript http://localhost:7071/api/openapi.json -o mailbox-gateway.d.ts
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import createClient, { type Client } from 'openapi-fetch'
import type { components, paths, webhooks } from './mailbox-gateway.js'

type Schemas = components['schemas']
export type MailSubmission = Schemas['MailSubmission']
export type Gateway = Client<paths>

/** Every event, told apart by `type`. */
export type GatewayEvent = {
  [T in keyof webhooks]: webhooks[T]['post']['requestBody']['content']['application/json']
}[keyof webhooks]

export const gatewayAt = (baseUrl: string, key: string): Gateway =>
  createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` } })

/** What the gateway refused: branch on `problem.code`, act on `problem.class`, show `problem.problems` beside the fields. */
export class Refused extends Error {
  constructor(readonly problem: Schemas['Problem']) {
    super(`${problem.title} ${problem.detail}`)
  }
}

async function answerOf<T>(call: Promise<{ data?: T; error?: Schemas['Problem'] }>): Promise<T> {
  const { data, error } = await call
  if (error !== undefined) throw new Refused(error)
  if (data === undefined) throw new Error('the gateway answered without content')
  return data
}

/** At each start, with a key of the role tenant-admin; answers with the key that signs the events. */
export async function setUp(gateway: Gateway, self: string): Promise<string> {
  await answerOf(gateway.POST('/api/v1/return-urls', { body: { url: `${self}/connected` } }))
  const webhook = await answerOf(gateway.POST('/api/v1/webhooks', { body: { url: `${self}/events` } }))
  return webhook.signingKey
}

/** Send the person's browser to `link`; `binding` comes from their session and never leaves your server. */
export function beginConnect(gateway: Gateway, address: string, self: string, binding: string) {
  const body: Schemas['SignInStart'] = { address, binding, returnUrl: `${self}/connected` }
  return answerOf(gateway.POST('/api/v1/sign-ins', { body }))
}

/** `result` is what the return URL brought back. */
export async function finishConnect(gateway: Gateway, result: string, binding: string): Promise<string> {
  const [id = '', code = ''] = result.split('.')
  const confirmed = await answerOf(
    gateway.POST('/api/v1/sign-ins/{id}/redeem', { params: { path: { id } }, body: { code, binding } }),
  )
  if (confirmed.mailboxId === null) throw new Error('this sign-in was a consent and made no mailbox')
  return confirmed.mailboxId
}

/**
 * However often this is called for one invoice, one mail leaves. The body has its type by name: openapi-fetch alone lets a
 * field pass that nobody knows.
 */
export function sendInvoice(gateway: Gateway, mailboxId: string, invoice: string, to: string) {
  const body: MailSubmission = {
    mailboxId,
    to: [to],
    subject: `Invoice ${invoice}`,
    text: 'Thank you.',
    metadata: { invoice },
  }
  const header = { 'Idempotency-Key': `invoice-${invoice}` }
  return answerOf(gateway.POST('/api/v1/mails', { params: { header }, body }))
}

export const readMail = (gateway: Gateway, id: string) =>
  answerOf(gateway.GET('/api/v1/mails/{id}', { params: { path: { id } } }))

export async function mailsOfInvoice(gateway: Gateway, invoice: string): Promise<Schemas['Mail'][]> {
  const query = { metadata: `invoice:${invoice}` }
  return (await answerOf(gateway.GET('/api/v1/mails', { params: { query } }))).mails
}

/** Waits for a person: `release` or `cancel` decides. */
export function sendHeld(gateway: Gateway, mailboxId: string, to: string) {
  const body: MailSubmission = { mailboxId, to: [{ address: to }], subject: 'Draft', text: 'x', hold: true }
  return answerOf(gateway.POST('/api/v1/mails', { body }))
}

export const release = (gateway: Gateway, id: string) =>
  answerOf(gateway.POST('/api/v1/mails/{id}/release', { params: { path: { id } } }))

export const cancel = (gateway: Gateway, id: string) =>
  answerOf(gateway.POST('/api/v1/mails/{id}/cancel', { params: { path: { id } } }))

/** Standard Webhooks: HMAC-SHA-256 over id, time and body, not older than five minutes; undefined when it is not genuine. */
export function eventOf(
  headers: { readonly [name: string]: string | string[] | undefined },
  body: string,
  signingKey: string,
): GatewayEvent | undefined {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures } = headers
  if (typeof signatures !== 'string' || Math.abs(Date.now() / 1000 - Number(time)) > 300) return undefined
  const secret = Buffer.from(signingKey.slice('whsec_'.length), 'base64')
  const wanted = Buffer.from(`v1,${createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64')}`)
  const isGenuine = signatures.split(' ').some((one) => {
    const given = Buffer.from(one)
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
  if (!isGenuine) return undefined
  const event: GatewayEvent = JSON.parse(body)
  return event
}

/** What a person reads about an event; each type has its own fields. */
export function lineAbout(event: GatewayEvent): string {
  switch (event.type) {
    case 'mail.sent':
      return `sent: ${event.data.mailId} after ${event.data.attempts} attempts`
    case 'mail.failed':
      return `failed: ${event.data.description} ${event.data.remedy ?? ''}`
    case 'mail.received':
      return `received: ${event.data.receivedId} in ${event.data.mailboxId}`
    default:
      return event.type
  }
}

export const readReceived = (gateway: Gateway, id: string, mail: string) =>
  answerOf(gateway.GET('/api/v1/mailboxes/{id}/received/{mail}', { params: { path: { id, mail } } }))

/** The bytes of one attachment. A stranger made them and their name: never open them, never use the name as a path. */
export async function downloadAttachment(gateway: Gateway, id: string, mail: string, index: number): Promise<Buffer> {
  const path = { id, mail, index }
  const bytes = await answerOf(
    gateway.GET('/api/v1/mailboxes/{id}/received/{mail}/attachments/{index}', {
      params: { path },
      parseAs: 'arrayBuffer',
    }),
  )
  return Buffer.from(bytes)
}
