import { GatewayError } from '../errors.js'
import type { Resource } from '../model/connection.js'
import { type ReceiveTransport, resourceOfTransport, type SendTransport, type Transport } from '../model/transports.js'

/** What a connection is used for; left out means not used. */
export interface MailUse {
  receive?: ReceiveTransport
  send?: SendTransport
  /** Received mail stays as it is at the server: reading is enough. */
  leavesMail?: boolean
  /** It keeps drafts and can look into its Sent Items, also where it only sends. */
  keepsDrafts?: boolean
  /** The mailbox belongs to somebody else and was shared with the person who signs in. */
  shared?: boolean
  mode?: 'delegated' | 'app-only'
}

export interface MailScopes {
  /** Everything the consent page shows; may span resources. */
  consent: string[]
  /** Scopes of one token request: one resource only, because a token has one audience. Empty: not needed. */
  token(resource: Resource): string[]
}

const prefixes: Record<Resource, string> = {
  graph: 'https://graph.microsoft.com/',
  // The documented prefix for delegated IMAP and SMTP; app-only tokens want the office365 one.
  outlook: 'https://outlook.office.com/',
}
const appOnly: Record<Resource, string> = {
  graph: `${prefixes.graph}.default`,
  outlook: 'https://outlook.office365.com/.default',
}
/** `*` becomes `.Shared` for the mailbox of somebody else. */
const readPermissions: Partial<Record<ReceiveTransport, (use: MailUse) => readonly string[]>> = {
  graph: ({ leavesMail, send, keepsDrafts }) =>
    leavesMail && send !== 'graph' && !keepsDrafts ? ['Mail.Read*'] : ['Mail.ReadWrite*'],
  imap: () => ['IMAP.AccessAsUser.All'],
}
const sendPermissions: Partial<Record<SendTransport, (use: MailUse) => readonly string[]>> = {
  // Whoever reads sends by draft, which the mailbox can be asked about; whoever only sends does it with one call.
  graph: ({ receive, keepsDrafts }) =>
    receive === 'graph' || keepsDrafts ? ['Mail.ReadWrite*', 'Mail.Send*'] : ['Mail.Send*'],
  smtp: () => ['SMTP.Send'],
}
const signIn = ['openid', 'profile', 'offline_access']

/** The least that a use needs, per transport, direction, after-receive action and mode (M-066, M-140). */
export function mailScopes(use: MailUse): MailScopes {
  const wanted: Record<Resource, string[]> = { graph: [], outlook: [] }
  const want = (transport: Transport, permissions: readonly string[]): void => {
    const resource = resourceOfTransport(transport)
    for (const permission of permissions) {
      const scope = `${prefixes[resource]}${permission.replace('*', use.shared ? '.Shared' : '')}`
      if (!wanted[resource].includes(scope)) wanted[resource].push(scope)
    }
  }
  if (use.receive !== undefined) want(use.receive, readPermissions[use.receive]?.(use) ?? [])
  if (use.send !== undefined) want(use.send, sendPermissions[use.send]?.(use) ?? [])
  if (use.mode === 'app-only')
    return { consent: [], token: (resource) => (wanted[resource].length > 0 ? [appOnly[resource]] : []) }
  return {
    consent: [...signIn, ...wanted.graph, ...wanted.outlook],
    token: (resource) => (wanted[resource].length > 0 ? [...signIn, ...wanted[resource]] : []),
  }
}

const outlookOrigin = /^https:\/\/outlook\.office(365)?\.com\//i

/**
 * The resource a scope belongs to; `undefined` for sign-in scopes. Both spellings of the Outlook resource are known.
 */
export function resourceOf(scope: string): Resource | undefined {
  if (signIn.includes(scope.toLowerCase()) || scope.toLowerCase() === 'email') return undefined
  if (outlookOrigin.test(scope)) return 'outlook'
  if (ofMailServers.test(shortName(scope))) throw ofWrongResource(scope)
  return 'graph'
}

const ofMailServers = /^(IMAP|POP|SMTP)\./i

/** Entra grants it, and then no mail server accepts the token, without a word why. */
const ofWrongResource = (scope: string): GatewayError =>
  new GatewayError('scope_of_wrong_resource', 'needs-admin', {
    hint: 'operator',
    description: `The permission ${scope.slice(0, 100)} belongs to Graph as it is written; IMAP, POP and SMTP servers accept only tokens of outlook.office.com.`,
    remedy: `Request ${prefixes.outlook}${shortName(scope).slice(0, 60)} instead, then connect the mailbox again.`,
  })

/**
 * Of granted scopes, those one token request for `resource` may carry. Answers name the scopes of one resource only, so
 * for one that was consented to and never answered, everything consented is asked for.
 */
export function scopesFor(scopes: readonly string[], resource: Resource): string[] {
  const own = scopes.filter((scope) => resourceOf(scope) === resource)
  return [...signIn, ...(own.length > 0 ? own : [`${prefixes[resource]}.default`])]
}

/** The one scope of a token request of the application itself; what it carries is what administrators granted. */
export const appScope = (resource: Resource): string => appOnly[resource]

const shortName = (scope: string): string => scope.slice(scope.lastIndexOf('/') + 1)

/** Answers spell a scope with or without its resource, so short names are compared; sign-in scopes are never named. */
export function missingScopes(asked: readonly string[], granted: readonly string[]): string[] {
  const have = granted.map(shortName)
  return asked.filter((scope) => scope.startsWith('https://') && !isCovered(shortName(scope), have)).map(shortName)
}

/** Writing includes reading, and what is granted for shared mailboxes holds for the own one; not the other way round. */
export function isCovered(name: string, granted: readonly string[]): boolean {
  const writing = name.replace(/^Mail\.Read(?=$|\.Shared$)/i, 'Mail.ReadWrite')
  const enough = [name, writing].flatMap((one) => [one, `${one}.Shared`]).map((one) => one.toLowerCase())
  return granted.some((one) => enough.includes(one.toLowerCase()))
}
