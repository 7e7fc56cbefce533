/**
 * Somebody says that a registration was repaired where the provider keeps it: its credential is shown to the provider at
 * once and the person hears what it says (M-160). Unless it is refused, every connection that waits for an administrator
 * of this registration is tried now, and the mailboxes behind it fetch and send at once.
 */
import { GatewayError } from '../../errors.js'
import { whoActs } from '../../model/attention.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearRegistrationRefusal } from '../../rows/attention.js'
import { retryConnections } from '../send/retry-connections.js'
import { getClient } from './registrations.js'
import type { TriedConnection } from './retry-connection.js'
import { type CredentialTried, tryCredential } from './try-credential.js'

export interface TriedRegistration {
  credentialTried: CredentialTried | 'refused'
  /** What is still wrong; null when the provider refuses nothing. */
  problem: TriedConnection['problem']
  /** Connections that waited for an administrator and are tried now. */
  connections: number
}

/** `tenant` `~`: a registration of the deployment, whose connections belong to every tenant. */
export async function retryRegistration(deps: Toolbox, tenant: string, id: string): Promise<TriedRegistration> {
  const client = await getClient(deps, tenant, id)
  const tried = await tryCredential(deps, client)
  if (tried instanceof GatewayError) {
    const { code, class: errorClass, description, remedy } = tried
    // Who owns the registration can repair it.
    const actor = whoActs(errorClass, tenant === '~' ? 'operator' : 'tenant')
    const problem = { code, class: errorClass, description, remedy, whoActs: actor }
    return { credentialTried: 'refused', problem, connections: 0 }
  }
  // Other processes may remember the credential of before for a minute; this one reads it anew.
  deps.memory.clients.clear()
  if (tried === 'accepted') await clearRegistrationRefusal(deps, tenant, id)
  const connections = await retryConnections(deps, tenant, { registrationId: id })
  return { credentialTried: tried, problem: null, connections }
}
