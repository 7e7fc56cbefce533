import { app } from '@azure/functions'
import { asGatewayError } from '../lib/errors.js'
import { gateway } from '../lib/gateway.js'
import { consoleHandler, requireRole } from '../lib/http/console/console-handler.js'
import { newSecretOf } from '../lib/http/console/new-secret-form.js'
import { link } from '../lib/pages/console/frame.js'
import { newSecretPage } from '../lib/pages/console/new-secret-page.js'

/** Of the deployment's registrations an operator says the secret where no tenant is chosen. */
export const consoleRegistrationSecret = consoleHandler(
  gateway,
  async ({ g, caller, tenant, view, params, form, request }) => {
    requireRole(view, 'registrationSave')
    const found = await g.admin.readRegistration(tenant, params['id'] ?? '')
    if (request.method === 'GET') return newSecretPage(view, found)
    const of = { tenant, id: found.id, by: caller.role }
    const saved = await (async () => g.admin.saveRegistration(of, newSecretOf(found, form)))().catch(refusalOf)
    if ('refused' in saved) {
      const { refused } = saved
      return { form: newSecretPage(view, found, { refused, ends: form.get('ends') ?? '' }), status: refused.status }
    }
    const { credentialTried } = saved
    return { redirect: link(view, '', { done: `secret-${credentialTried}` }) }
  },
  { tenant: false, operation: () => 'registrationSave' },
)

/** Said where the form stands, so that it can be corrected there. */
function refusalOf(error: unknown) {
  const refused = asGatewayError(error)
  if (refused.code === 'unexpected') throw error
  return { refused }
}

app.http('console-registration-secret', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/registrations/{id}/secret',
  handler: consoleRegistrationSecret,
})
