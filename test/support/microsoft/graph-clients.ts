/** The emulated Graph through Microsoft’s client, for any account and for the application. */
import { Client, type Context, type Middleware } from '@microsoft/microsoft-graph-client'
import { afterEach, beforeEach } from 'vitest'
import { demo, demoDirectory } from '../../../local/emulators/demo-directory.js'
import type { Directory } from '../../../local/emulators/directory.js'
import { type Entra, startEntra } from '../../../local/emulators/entra/start-entra.js'
import { type Graph, startGraph } from '../../../local/emulators/graph/start-graph.js'

export const ana = 'ana@contoso.example'
export const ben = 'ben@contoso.example'
const redirectUri = 'http://localhost/api/oauth/callback'
export const immutable = { Prefer: 'IdType="ImmutableId"' }

export let directory: Directory
let entra: Entra
export let graph: Graph
export let outside: { from: string; to: string[]; raw: Buffer }[]

const scopes = 'User.Read Mail.ReadWrite Mail.Send Mail.ReadWrite.Shared Mail.Send.Shared'

export async function token(upn: string, scope = scopes): Promise<string> {
  const ask = new URLSearchParams({ client_id: demo.clientId, redirect_uri: redirectUri, response_type: 'code', scope })
  const { fields } = await entra.control.signInAs(`${entra.url}/common/oauth2/v2.0/authorize?${ask}`, upn)
  return redeem({ grant_type: 'authorization_code', code: fields['code']!, redirect_uri: redirectUri })
}

export async function redeem(form: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ client_id: demo.clientId, client_secret: demo.clientSecret, ...form })
  const response = await fetch(`${entra.url}/${demo.tenantId}/oauth2/v2.0/token`, { method: 'POST', body })
  return ((await response.json()) as { access_token: string }).access_token
}

/** Microsoft's client as it is, with its last link replaced: the two Microsoft origins are mapped to the emulator. */
export function clientWith(accessToken: string): Client {
  const authenticate: Middleware & { next?: Middleware } = {
    async execute(context: Context) {
      const url = new URL(context.request as string)
      if (url.host === 'graph.microsoft.com') {
        const headers = new Headers(context.options?.headers as Record<string, string>)
        headers.set('authorization', `Bearer ${accessToken}`)
        context.options = { ...context.options, headers: Object.fromEntries(headers) }
      }
      await this.next?.execute(context)
    },
    setNext(next) {
      this.next = next
    },
  }
  const send: Middleware = {
    async execute(context: Context) {
      const url = new URL(context.request as string)
      if (!['graph.microsoft.com', 'outlook.office.com'].includes(url.host)) throw new Error(`Foreign host ${url.host}`)
      context.response = await fetch(graph.url + url.pathname + url.search, context.options)
    },
  }
  return Client.initWithMiddleware({ middleware: [authenticate, send] })
}

export const clientFor = async (upn: string, scope?: string) => clientWith(await token(upn, scope))

export interface Message {
  id: string
  subject: string
  isRead: boolean
  internetMessageId: string
  '@removed'?: { reason: string }
}
export interface Page {
  value: Message[]
  '@odata.nextLink'?: string
  '@odata.deltaLink'?: string
}

export const mail = (subject: string, more = '') =>
  `From: Shop <shop@shop.example>\r\nTo: ${ana}\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@shop.example>\r\n${more}\r\nHello ${subject}\r\n`

export const inboxOf = (upn: string) => {
  const mailbox = directory.mailbox(directory.user(upn)!)
  return mailbox.in(mailbox.folder('inbox')!)
}

/** A new directory, Entra and Graph for each test. */
export function useGraph(): void {
  beforeEach(async () => {
    directory = demoDirectory({ consentPolicy: 'legacy' })
    outside = []
    entra = await startEntra({ directory })
    graph = await startGraph({ directory, entra, onDeliver: (from, to, raw) => void outside.push({ from, to, raw }) })
  })
  afterEach(() => Promise.all([graph.stop(), entra.stop()]))
}
