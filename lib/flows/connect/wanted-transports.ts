import type { Resource } from '../../model/connection.js'
import type { ServerAddress } from '../../model/mailbox.js'
import type { SignInTarget } from '../../model/sign-in.js'
import type { ReceiveTarget, SendTarget } from '../../model/transports.js'
import { appScope, type MailUse, mailScopes } from '../../protocol/scopes.js'

const microsoftImap: ServerAddress = { host: 'outlook.office365.com', port: 993, tls: 'implicit' }
const microsoftSmtp: ServerAddress = { host: 'smtp.office365.com', port: 587, tls: 'starttls' }

export interface WantedTransports {
  receive?: ReceiveTarget
  send?: SendTarget
}

/** Somebody else's account opens this mailbox: a delegate of a shared one. */
const isShared = (target: SignInTarget): boolean =>
  target.expectedUser !== undefined && target.expectedUser.toLowerCase() !== target.address.toLowerCase()

/** A new mailbox at Microsoft for which nobody named who signs in: it may turn out to be a shared one. */
export const mayBeShared = (target: SignInTarget): boolean =>
  target.kind === 'connect' &&
  usesGraph(target) &&
  (target.expectedUser === undefined || target.namedByOwner !== undefined)

const usesGraph = (target: SignInTarget): boolean => target.transport !== 'imap-smtp'

export function microsoftTransports(target: SignInTarget): WantedTransports {
  const graph = { mailbox: isShared(target) ? (target.mailboxUser ?? target.address) : 'me' }
  if (usesGraph(target))
    return {
      ...(target.receive ? { receive: { transport: 'graph', graph, folder: 'inbox' } } : {}),
      ...(target.send ? { send: { transport: 'graph', graph } } : {}),
    }
  return passwordTransports(target, microsoftImap, microsoftSmtp)
}

export function passwordTransports(target: SignInTarget, imap?: ServerAddress, smtp?: ServerAddress): WantedTransports {
  return {
    ...(target.receive && imap ? { receive: { transport: 'imap', imap: { ...imap, folder: 'INBOX' } } } : {}),
    ...(target.send && smtp ? { send: { transport: 'smtp', smtp } } : {}),
  }
}

/** What to ask consent for, and what the one token of the sign-in must carry. */
export function microsoftScopes(target: SignInTarget): { resource: Resource; consent: string[]; token: string[] } {
  const resource: Resource = usesGraph(target) ? 'graph' : 'outlook'
  const { consent, token } = mailScopes(useOf(target))
  // The account's own addresses: a user principal name is often not the mail address.
  const profile = usesGraph(target) ? ['https://graph.microsoft.com/User.Read'] : []
  return { resource, consent: [...consent, ...profile], token: [...token(resource), ...profile] }
}

/** What the administrator's page asks for. */
export const askedScopes = (target: SignInTarget): string[] =>
  target.consent === 'app-only' ? [appScope('graph')] : microsoftScopes(target).consent

/** Without these one direction cannot work. */
export function directionScopes(target: SignInTarget, direction: 'receive' | 'send'): string[] {
  const use = useOf({ ...target, receive: direction === 'receive', send: direction === 'send' })
  return mailScopes(use).token(usesGraph(target) ? 'graph' : 'outlook')
}

function useOf(target: SignInTarget): MailUse {
  const graph = usesGraph(target)
  return {
    ...(target.receive ? { receive: graph ? 'graph' : 'imap' } : {}),
    ...(target.send ? { send: graph ? 'graph' : 'smtp' } : {}),
    shared: isShared(target),
  }
}

const shortName = (scope: string): string => scope.slice(scope.lastIndexOf('/') + 1)

/** Rights that were asked for and not granted, by their short names (M-068). */
export function missingScopes(wanted: readonly string[], granted: readonly string[]): string[] {
  const have = new Set(granted.map((scope) => shortName(scope).toLowerCase()))
  return wanted
    .filter((scope) => scope.startsWith('https://') && !have.has(shortName(scope).toLowerCase()))
    .map(shortName)
}

/**
 * What later token requests may ask for: all that was consented to. An answer names the scopes of its own token only,
 * so it takes away what it was asked for and left out, and says nothing about the rest.
 */
export function consentedScopes(
  consent: readonly string[],
  asked: readonly string[],
  granted: readonly string[],
): string[] {
  const missing = new Set(missingScopes(asked, granted))
  return consent.filter((scope) => !(scope.startsWith('https://') && missing.has(shortName(scope))))
}
