/** The managed identity of a deployment in the organisation of the demo, and what trusts it. */
import type { OwnIdentity } from '../../../lib/ports/own-identity.js'
import { ownIdentity } from '../../../lib/providers/own-identity.js'
import { demo } from '../../../local/emulators/demo-directory.js'
import type { ManagedIdentity } from '../../../local/emulators/directory-types.js'
import { identityHeader } from '../../../local/emulators/entra/managed-identity.js'
import type { Entra } from '../../../local/emulators/entra/start-entra.js'

export const deploymentIdentity: ManagedIdentity = {
  clientId: '1d1d1d1d-0000-4000-8000-0000000000c1',
  principalId: '1d1d1d1d-0000-4000-8000-0000000000f1',
  tenantId: demo.tenantId,
}

/** As it stands at the app registration. */
export const federatedCredential = {
  issuer: `https://login.microsoftonline.com/${demo.tenantId}/v2.0`,
  subject: deploymentIdentity.principalId,
  audience: 'api://AzureADTokenExchange',
}

/** Asks the emulated endpoint as Azure's own client does. */
export const identityOf = (entra: Pick<Entra, 'url'>, clientId = deploymentIdentity.clientId): OwnIdentity =>
  ownIdentity({
    clientId,
    source: {
      async getToken(scope) {
        const resource = scope.replace('/.default', '')
        const query = new URLSearchParams({ 'api-version': '2019-08-01', resource, client_id: clientId })
        const answer = await fetch(`${entra.url}/msi/token?${query}`, {
          headers: { 'x-identity-header': identityHeader },
        })
        if (!answer.ok) throw new Error(`The identity endpoint answers ${answer.status}`)
        const { access_token } = (await answer.json()) as { access_token: string }
        return { token: access_token }
      },
    },
  })
