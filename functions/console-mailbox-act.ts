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
    if (name === 'check' || name === 'reconnect') {
      const mailbox = await g.admin.readMailboxFacts(tenant, id)
      if (name === 'check') return checkedPage(view, mailbox, await g.admin.checkMailbox({ tenant, mailboxId: id }))
      return reconnectPage(view, mailbox, await g.connect.startReconnect({ tenant, mailboxId: id }))
    }
    if (name === 'approval') {
      const { address } = await g.admin.readMailboxFacts(tenant, id)
      return approvalLinkPage(view, { id, address }, await g.connect.startApproval({ tenant, mailboxId: id }))
    }
    if (name === 'test-mail') {
      const { mailId, state } = await g.send.sendTestMail({ tenant, mailboxId: id })
      return { redirect: link(view, `/mails/${segment(mailId)}`, { done: `test-mail-${state}` }) }
    }
    if (name === 'retry-mails') await g.send.retryFailedMails({ tenant, mailboxId: id })
    else if (name === 'import') await g.receive.importMails({ tenant, mailboxId: id })
    else if (name === 'poll') await g.receive.pollNow({ tenant, mailboxId: id })
    else await g.admin.changeMailbox({ tenant, mailboxId: id }, { active: name === 'activate' })
    return undefined
  },
})

app.http('console-mailbox-act', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/mailboxes/{id}/{action}',
  handler: consoleMailboxAct,
})
