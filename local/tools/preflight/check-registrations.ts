import { asGatewayError } from '../../../lib/errors.js'
import type { Gateway } from '../../../lib/gateway.js'
import { everyRow } from '../../../lib/model/page.js'
import { type Finding, fail, pass, warn } from './finding.js'

const dayMs = 86_400_000
const warnDays = 30

/**
 * Checks every registration of the deployment and of each tenant: whether its secret is in the vault, and until when it
 * is valid.
 */
export async function checkRegistrations(gateway: Gateway, now: () => number): Promise<Finding[]> {
  try {
    const tenants = await everyRow((page) => gateway.admin.listTenants(page), 'tenants')
    const lists = await Promise.all(
      ['~', ...tenants.map(({ id }) => id)].map((id) => gateway.admin.listUsableRegistrations(id)),
    )
    const all = new Map(lists.flat().map((one) => [`${one.tenant} ${one.id}`, one]))
    if (all.size === 0) return [warn('registrations', 'none', 'registration-none')]
    return await Promise.all([...all.values()].map((one) => judge(gateway, one, now())))
  } catch {
    // Tables that do not answer have a verdict of their own; nothing is known about registrations then.
    return []
  }
}

type Registration = Awaited<ReturnType<Gateway['admin']['listUsableRegistrations']>>[number]

async function judge(gateway: Gateway, registration: Registration, now: number): Promise<Finding> {
  const owner = registration.tenant === '~' ? 'the deployment' : registration.tenant
  const name = `"${registration.name}" of ${owner}`
  if (registration.credential === 'none') return pass('registrations', `${name}: public client, no secret`)
  if (registration.credential === 'managed-identity')
    return pass('registrations', `${name}: proves itself by the managed identity, no secret`)
  try {
    await gateway.tokens.findClient({ tenant: registration.tenant, id: registration.id })
  } catch (error) {
    const { code, description } = asGatewayError(error)
    if (code === 'registration_secret_missing')
      return fail('registrations', `${name}: its secret is not in the vault`, 'secret-missing')
    return fail(
      'registrations',
      `${name}: ${description}`,
      code === 'vault_forbidden' ? 'vault-forbidden' : 'vault-unavailable',
    )
  }
  const ends = Date.parse(registration.secretExpiresAt ?? '')
  if (Number.isNaN(ends)) return pass('registrations', `${name}: secret in the vault, its expiry is not recorded`)
  const days = Math.floor((ends - now) / dayMs)
  if (days < 0) return fail('registrations', `${name}: its secret expired ${-days} days ago`, 'secret-expired')
  if (days <= warnDays) return warn('registrations', `${name}: its secret expires in ${days} days`, 'secret-expiring')
  return pass('registrations', `${name}: secret for ${days} more days`)
}
