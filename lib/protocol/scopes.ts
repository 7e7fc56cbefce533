import { invalidInput } from '../errors.js'
import type { Resource } from '../model/connection.js'

/** What a connection is to be used for; left out = not used. */
export interface MailUse {
  receive?: 'graph' | 'imap'
  send?: 'graph' | 'smtp'
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

const graph = 'https://graph.microsoft.com/'
// The documented prefix for delegated IMAP and SMTP; app-only tokens want the office365 one.
const outlook = 'https://outlook.office.com/'
const appOnly: Record<Resource, string> = {
  graph: `${graph}.default`,
  outlook: 'https://outlook.office365.com/.default',
}
const signIn = ['openid', 'profile', 'offline_access']

/** Microsoft scopes per transport, direction and mode (M-066). Graph sends by draft, which needs Mail.ReadWrite too. */
export function mailScopes(use: MailUse): MailScopes {
  const suffix = use.shared ? '.Shared' : ''
  const wanted: Record<Resource, string[]> = { graph: [], outlook: [] }
  if (use.receive === 'graph' || use.send === 'graph') wanted.graph.push(`${graph}Mail.ReadWrite${suffix}`)
  if (use.send === 'graph') wanted.graph.push(`${graph}Mail.Send${suffix}`)
  if (use.receive === 'imap') wanted.outlook.push(`${outlook}IMAP.AccessAsUser.All`)
  if (use.send === 'smtp') wanted.outlook.push(`${outlook}SMTP.Send`)
  if (use.mode === 'app-only')
    return { consent: [], token: (resource) => (wanted[resource].length > 0 ? [appOnly[resource]] : []) }
  return {
    consent: [...signIn, ...wanted.graph, ...wanted.outlook],
    token: (resource) => (wanted[resource].length > 0 ? [...signIn, ...wanted[resource]] : []),
  }
}

const outlookOrigin = /^https:\/\/outlook\.office(365)?\.com\//i
const mailProtocols = /(^|\/)(IMAP\.AccessAsUser\.All|POP\.AccessAsUser\.All|SMTP\.Send)$/i

/**
 * The resource a scope belongs to; `undefined` for sign-in scopes. Both spellings of the Outlook resource are known.
 */
export function resourceOf(scope: string): Resource | undefined {
  if (signIn.includes(scope.toLowerCase()) || scope.toLowerCase() === 'email') return undefined
  return outlookOrigin.test(scope) ? 'outlook' : 'graph'
}

/**
 * Of granted scopes, those one token request for `resource` may carry. Answers name the scopes of one resource only, so
 * for one that was consented to and never answered, everything consented is asked for.
 */
export function scopesFor(scopes: readonly string[], resource: Resource): string[] {
  const own = scopes.filter((scope) => resourceOf(scope) === resource)
  return [...signIn, ...(own.length > 0 ? own : [`${resource === 'graph' ? graph : outlook}.default`])]
}

/** The one scope of a token request of the application itself; what it carries is what administrators granted. */
export const appScope = (resource: Resource): string => appOnly[resource]

/** Refuses scopes that look right and never work: a mail protocol on the Graph resource. */
export function checkScopes(scopes: readonly string[]): void {
  const wrong = scopes.find((scope) => mailProtocols.test(scope) && !outlookOrigin.test(scope))
  if (wrong === undefined) return
  const name = wrong.slice(wrong.lastIndexOf('/') + 1)
  throw invalidInput(
    'scopes',
    `${name} of Microsoft Graph gives a token that mail servers refuse; use ${outlook}${name}`,
  )
}
