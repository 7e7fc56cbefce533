/** What Microsoft is asked for, and how its scopes and tokens are read; pure, and light enough for every process. */
import type { Resource } from '../model/connection.js'
import { asGranted, isSendOnlyTarget, isShared, resourceOfTransport, serverTargets } from '../model/transports.js'
import type { MailWish, ProviderRules } from '../ports/provider.js'
import { cloudAt, cloudNamed, type MicrosoftCloud, mailApiOf } from './microsoft-clouds.js'
import { directoryIn, isGuid, personal, withinDirectory } from './microsoft-directories.js'
import { appScope, type MailUse, mailScopes, missingScopes, scopesFor } from './microsoft-scopes.js'
import { checkToken, mayConsentForAll, tokenClaims } from './microsoft-token.js'

const serversOf = ({ imap, smtp }: MicrosoftCloud) =>
  ({
    imap: { host: imap, port: 993, tls: 'implicit' },
    smtp: { host: smtp, port: 587, tls: 'starttls' },
  }) as const

const usesGraph = ({ transport }: MailWish): boolean => transport !== 'imap-smtp'

/** Somebody else's account opens this mailbox: a delegate of a shared one. */
const isOfAnother = ({ expectedUser, address }: MailWish): boolean =>
  expectedUser !== undefined && expectedUser.toLowerCase() !== address.toLowerCase()

export const microsoftRules: ProviderRules = {
  context: 'ms-token',

  authorityOf({ directory, cloud }, existing) {
    const { login } = cloud === undefined ? cloudAt(existing) : cloudNamed(cloud)
    const kept = existing === undefined ? 'organizations' : directoryIn({ authority: existing })
    return `${login}/${(directory ?? kept).toLowerCase()}`
  },

  pageSources: ({ authority }) => [new URL(authority).origin],

  mailApi: (issuer) => mailApiOf(cloudAt(issuer)),

  plan(wish, place) {
    const isAppOnly = wish.consent === 'app-only'
    const resource: Resource = usesGraph(wish) ? 'graph' : 'outlook'
    const named = isAppOnly || isOfAnother(wish)
    const graph = { mailbox: named ? (wish.mailboxUser ?? wish.address) : 'me' }
    const { consent, token } = mailScopes(useOf(wish))
    const targets = usesGraph(wish)
      ? {
          ...(wish.receive ? { receive: { transport: 'graph', graph, folder: 'inbox' } as const } : {}),
          ...(wish.send ? { send: asGranted({ transport: 'graph', graph } as const, consent) } : {}),
        }
      : serverTargets(wish, serversOf(cloudAt(place)))
    const permissions = permissionsOf(consent)
    if (isAppOnly)
      return { ...targets, resource, consent: [appScope(resource)], token: [appScope(resource)], permissions }
    // The account's own addresses: a user principal name is often not the mail address.
    const profile = usesGraph(wish) ? ['https://graph.microsoft.com/User.Read'] : []
    return {
      ...targets,
      resource,
      consent: [...consent, ...profile],
      token: [...token(resource), ...profile],
      permissions,
    }
  },

  neededScopes: (direction, target, { changesMail = false } = {}) =>
    mailScopes({
      [direction]: target.transport,
      shared: isShared(target),
      leavesMail: !changesMail,
      keepsDrafts: direction === 'send' && !isSendOnlyTarget(target),
    }).token(resourceOfTransport(target.transport)),

  missingScopes,
  tokenScopes: scopesFor,
  appScopes: (resource) => [appScope(resource)],
  checkToken: (token, resource, scopes) => checkToken(token.reveal(), resource, scopes),

  organisations: {
    personal,
    serves: (registration) => directoryIn(registration) !== 'consumers',
    ownDirectory: (registration) => {
      const directory = directoryIn(registration)
      return isGuid(directory) ? directory : undefined
    },
    within: withinDirectory,
    mayConsentForAll: (token) => mayConsentForAll(token.reveal()),
    appPermissions: (token) =>
      (tokenClaims(token.reveal())?.roles ?? [])
        .filter((role) => /^Mail\.|^(IMAP|POP)\.AccessAsApp$|^SMTP\.SendAsApp$/.test(role))
        .map((role) => `https://${role.startsWith('Mail.') ? 'graph.microsoft.com' : 'outlook.office365.com'}/${role}`),
    applicationObject: (token) => {
      const claims = tokenClaims(token.reveal())
      return claims?.ofApp && typeof claims.oid === 'string' && isGuid(claims.oid) ? claims.oid : undefined
    },
  },
}

/** As Microsoft's pages name them. */
const permissionsOf = (consent: readonly string[]): string[] =>
  consent.filter((scope) => scope.startsWith('https://')).map((scope) => scope.slice(scope.lastIndexOf('/') + 1))

function useOf(wish: MailWish): MailUse {
  const graph = usesGraph(wish)
  return {
    ...(wish.receive ? { receive: graph ? 'graph' : 'imap' } : {}),
    ...(wish.send ? { send: graph ? 'graph' : 'smtp' } : {}),
    leavesMail: wish.leavesMail === true,
    // Whoever names themselves for somebody else's mailbox has to show that they may open it.
    keepsDrafts: wish.permissions === 'full' || wish.namedByOwner !== undefined,
    shared: wish.consent !== 'app-only' && isOfAnother(wish),
  }
}
