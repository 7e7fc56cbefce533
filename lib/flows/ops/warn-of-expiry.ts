/**
 * Client secrets and certificates end on a day known beforehand. 60, 30, 7 and 1 days before, and when it has ended, the
 * registration needs somebody, and each stage is logged once; a newer one ends the warning (M-082).
 */
import { GatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, clearSharedExpiry, expiryCard, raiseAttention } from '../../rows/attention.js'
import { listAllRegistrations, type StoredRegistration } from '../../rows/registrations.js'

const dayMs = 86_400_000
const stages = [0, 1, 7, 30, 60]

export async function warnOfExpiry(deps: Toolbox): Promise<void> {
  for await (const registration of listAllRegistrations(deps)) await warnOfOne(deps, registration)
}

async function warnOfOne(deps: Toolbox, registration: StoredRegistration): Promise<void> {
  const { tenant, id: registrationId, name, secretExpiresAt = '' } = registration
  const expiresAt = Date.parse(secretExpiresAt)
  const daysLeft = Math.ceil((expiresAt - deps.clock.now()) / dayMs)
  const stage = stages.find((days) => daysLeft <= days)
  // A card of its own: the provider's refusal of the same registration is another matter, and neither ends the other.
  const card = expiryCard(registrationId)
  await clearSharedExpiry(deps, tenant, registrationId)
  if (stage === undefined) {
    await clearAttention(deps, { tenant, kind: 'registration', id: card })
    return
  }
  const error = expiryError(registration, stage, expiresAt)
  if (await raiseAttention(deps, { tenant, kind: 'registration', id: card, subject: name }, error))
    deps.log.warn('secret-expiring', { tenant, registrationId, daysLeft, code: error.code })
}

function expiryError({ name, tenant, credential }: StoredRegistration, stage: number, expiresAt: number): GatewayError {
  const day = new Date(expiresAt).toISOString().slice(0, 10)
  const [word, what] = credential === 'private-key' ? ['certificate', 'certificate'] : ['secret', 'client secret']
  return new GatewayError(stage === 0 ? `${word}_expired` : `${word}_expires_in_${stage}`, 'needs-admin', {
    hint: tenant === '~' ? 'operator' : 'tenant',
    description:
      stage === 0
        ? `The ${what} of the registration "${name}" expired on ${day}; its mailboxes stop when their tokens expire.`
        : `The ${what} of the registration "${name}" expires on ${day}.`,
    remedy: `Create a new ${what} at the identity provider and save the registration with it. No mailbox has to reconnect.`,
  })
}
