import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler, requireRole, unknownAction } from '../lib/http/console-handler.js'
import { link, segment } from '../lib/pages/console/frame.js'

export const consoleMailAct = consoleHandler(gateway, async ({ g, tenant, view, params, form }) => {
  const { id = '', action = '' } = params
  if (action === 'release') {
    requireRole(view, 'mailRelease')
    await g.send.releaseMail(tenant, id)
  } else if (action === 'cancel') {
    requireRole(view, 'mailCancel')
    await g.send.cancelMail(tenant, id)
  } else if (action === 'retry') {
    requireRole(view, 'mailRetry')
    await g.send.retryMail(tenant, id)
  } else if (action === 'send-now') {
    requireRole(view, 'mailSendNow')
    await g.send.sendMailNow(tenant, id)
  } else if (action === 'resolve') {
    requireRole(view, 'mailResolve')
    const outcome = form.get('outcome')
    if (outcome !== 'sent' && outcome !== 'not-sent' && outcome !== 'resend') throw unknownAction()
    await g.send.resolveMail(tenant, id, outcome)
  } else throw unknownAction()
  return { redirect: link(view, `/mails/${segment(id)}`, { done: action }) }
})

app.http('console-mail-act', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'console/mails/{id}/{action}',
  handler: consoleMailAct,
})
