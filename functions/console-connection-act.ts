import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleActionHandler } from '../lib/http/console/console-action-handler.js'
import { link } from '../lib/pages/console/frame.js'
import { html } from '../lib/pages/html.js'

export const consoleConnectionAct = consoleActionHandler(gateway, 'connections', {
  describe: async () => html``,
  async act({ g, tenant, view }, id) {
    const { state, problem } = await g.admin.retryConnection(tenant, id)
    const outcome = problem === null ? 'works' : state === 'connected' ? 'unanswered' : 'refused'
    return { redirect: link(view, '', { done: `connection-${outcome}` }) }
  },
})

app.http('console-connection-act', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/connections/{id}/{action}',
  handler: consoleConnectionAct,
})
