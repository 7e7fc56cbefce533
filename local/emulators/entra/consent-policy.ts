/**
 * What people of an organisation may consent to themselves. `recommended` is what Microsoft gives new organisations
 * ("Let Microsoft manage your consent settings", policy microsoft-user-default-recommended): everything
 * user-consentable but mail, calendars, contacts, files and the mailbox protocols; sending and signing in stay with the
 * person. `low` leaves them what Microsoft classifies as low. Where assignment is required nobody consents themselves
 * (learn.microsoft.com/entra/identity/enterprise-apps/assign-user-or-group-access-portal).
 */
import type { Tenant } from '../directory.js'
import { graphResource, type Scope, type ScopeRequest } from './scopes.js'

const ofGraph =
  /^(Mail\.Read|MailboxItem\.|MailboxFolder\.|MailboxSettings\.|Calendars\.|Contacts\.|Tasks\.|Files\.|Sites\.)/i
const ofExchange = /^(IMAP|POP|EAS|EWS)\.AccessAsUser\.All$/i

/** Of what is asked for, has the person to leave something to an administrator? */
export function needsAdministrator(
  tenant: Tenant | undefined,
  { scopes, openId }: ScopeRequest,
  consented: { everybody: ReadonlySet<string>; person: ReadonlySet<string> },
): boolean {
  const policy = tenant?.assigned === undefined ? (tenant?.consentPolicy ?? 'recommended') : 'none'
  // Signing in is a permission too: once anything of the application was consented to, it is.
  const isNew = consented.everybody.size === 0 && consented.person.size === 0
  if (policy === 'none' && isNew && openId.size > 0) return true
  return scopes.some((scope) => isForAdministrators(policy, scope))
}

function isForAdministrators(policy: NonNullable<Tenant['consentPolicy']>, { resource, name }: Scope): boolean {
  if (policy === 'legacy') return false
  if (policy === 'none') return true
  if (policy === 'low') return resource !== graphResource || name !== 'User.Read'
  return resource === graphResource ? ofGraph.test(name) : ofExchange.test(name)
}
