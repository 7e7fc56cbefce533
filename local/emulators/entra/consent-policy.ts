/**
 * What people of an organisation may consent to themselves. `recommended` is what Microsoft gives new organisations
 * ("Let Microsoft manage your consent settings", policy microsoft-user-default-recommended): everything
 * user-consentable but mail, calendars, contacts, files and the mailbox protocols; sending and signing in stay with the
 * person.
 */
import type { Tenant } from '../directory.js'
import { graphResource, type Scope } from './scopes.js'

const ofGraph =
  /^(Mail\.Read|MailboxItem\.|MailboxFolder\.|MailboxSettings\.|Calendars\.|Contacts\.|Tasks\.|Files\.|Sites\.)/i
const ofExchange = /^(IMAP|POP|EAS|EWS)\.AccessAsUser\.All$/i

export function needsAdministrator(policy: NonNullable<Tenant['consentPolicy']>, { resource, name }: Scope): boolean {
  if (policy !== 'recommended') return policy === 'none'
  return resource === graphResource ? ofGraph.test(name) : ofExchange.test(name)
}
