import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleActionHandler } from '../lib/http/console/console-action-handler.js'
import { checkedPage } from '../lib/pages/console/checked-page.js'
import { link, segment } from '../lib/pages/console/frame.js'
import { mailboxFacts, retriedFacts } from '../lib/pages/console/mailbox-pages.js'
import { approvalLinkPage, reconnectPage } from '../lib/pages/console/message-page.js'
import { html } from '../lib/pages/html.js'

export const consoleMailboxAct = consoleActionHandler(gateway, 'mailboxes', {
  async describe({ g, tenant, params }, id) {
    const facts = mailboxFacts(await g.admin.readMailboxFacts(tenant, id))
    if (params['action'] !== 'retry-mails') return facts
    return html`${facts}${retriedFacts(await g.send.retryFailedMails({ tenant, mailboxId: id }, { dryRun: true }))}`
  },
  async act({ g, tenant, view }, id, name) {
    const mailbox = { tenant, mailboxId: id }
    const facts = () => g.admin.readMailboxFacts(tenant, id)
    if (name === 'check') return checkedPage(view, await facts(), await g.admin.checkMailbox(mailbox))
    if (name === 'reconnect') return reconnectPage(view, await facts(), await g.connect.startReconnect(mailbox))
    if (name === 'approval') return approvalLinkPage(view, await facts(), await g.connect.startApproval(mailbox))
    if (name === 'test-mail') {
      const { mailId, state } = await g.send.sendTestMail(mailbox)
      return { redirect: link(view, `/mails/${segment(mailId)}`, { done: `test-mail-${state}` }) }
    }
    if (name === 'retry-mails') await g.send.retryFailedMails(mailbox)
    else if (name === 'import') await g.receive.importMails(mailbox)
    else if (name === 'poll') await g.receive.pollNow(mailbox)
    else await g.admin.changeMailbox(mailbox, { active: name === 'activate' })
    return undefined
  },
})

app.http('console-mailbox-act', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/mailboxes/{id}/{action}',
  handler: consoleMailboxAct,
})
