import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler, unknownAction } from '../lib/http/console-handler.js'
import { askMailPage, isAskedBefore } from '../lib/pages/console/ask-mail-page.js'

/** What cannot be taken back is asked before it is done. */
export const consoleMailAsk = consoleHandler(gateway, async ({ g, tenant, view, params }) => {
  const { id = '', action = '' } = params
  if (!isAskedBefore(action)) throw unknownAction()
  return askMailPage(view, await g.send.readMail(tenant, id), action)
})

app.http('console-mail-ask', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'console/mails/{id}/{action}',
  handler: consoleMailAsk,
})
