import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler, requireRole, unknownAction } from '../lib/http/console-handler.js'
import { link, segment } from '../lib/pages/console/frame.js'
import { reconnectPage } from '../lib/pages/console/message-page.js'

export const consoleMailboxAct = consoleHandler(gateway, async ({ g, tenant, view, params }) => {
  const { id = '', action = '' } = params
  if (action === 'reconnect') {
    requireRole(view, 'mailboxReconnect')
    const mailbox = await g.admin.readMailboxFacts(tenant, id)
    return reconnectPage(view, mailbox, await g.connect.startReconnect(tenant, id))
  }
  if (action === 'poll') {
    requireRole(view, 'mailboxPoll')
    await g.receive.pollNow(tenant, id)
  } else if (action === 'test-mail') {
    requireRole(view, 'mailboxTestMail')
    const { mailId, state } = await g.send.sendTestMail(tenant, id)
    return { redirect: link(view, `/mails/${segment(mailId)}`, { done: `test-mail-${state}` }) }
  } else if (action === 'pause' || action === 'activate') {
    requireRole(view, 'mailboxChange')
    await g.admin.changeMailbox(tenant, id, { active: action === 'activate' })
  } else throw unknownAction()
  return { redirect: link(view, `/mailboxes/${segment(id)}`, { done: action }) }
})

app.http('console-mailbox-act', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'console/mailboxes/{id}/{action}',
  handler: consoleMailboxAct,
})
