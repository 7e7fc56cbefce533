import { app } from '@azure/functions'
import { notFound } from '../lib/errors.js'
import { gateway } from '../lib/gateway.js'
import { consoleActionHandler } from '../lib/http/console/console-action-handler.js'
import { everyRow } from '../lib/model/page.js'
import { html } from '../lib/pages/html.js'

export const consoleWebhookAct = consoleActionHandler(gateway, 'webhooks', {
  async describe({ g, tenant }, id) {
    const webhook = (await everyRow((page) => g.admin.listEndpoints(tenant, page), 'webhooks')).find(
      (one) => one.id === id,
    )
    if (webhook === undefined) throw notFound('webhook')
    return html`<dt>Webhook</dt><dd>${webhook.url}</dd>`
  },
  async act({ g, tenant }, id) {
    await g.admin.removeEndpoint(tenant, id)
    return undefined
  },
})

app.http('console-webhook-act', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/webhooks/{id}/{action}',
  handler: consoleWebhookAct,
})
