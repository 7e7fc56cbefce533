/**
 * What is left to do in Exchange Online after an administrator let the application itself use IMAP and SMTP, with the ids
 * of their organisation. The mailbox stands as an example; everything else can be run as it is.
 */
import { html, type Markup } from './html.js'
import { en } from './texts/en.js'

export interface ExchangeSteps {
  /** Client id of the application. */
  clientId: string
  /** Object id of the enterprise application in this organisation. */
  objectId: string
}

export function exchangeSteps({ clientId, objectId }: ExchangeSteps, { exchange } = en): Markup {
  const register = `Connect-ExchangeOnline
New-ServicePrincipal -AppId ${clientId} -ObjectId ${objectId} -DisplayName "Mailbox Gateway"`
  const eachMailbox = `Add-MailboxPermission -Identity mailbox@example.com -User ${objectId} -AccessRights FullAccess
Set-CASMailbox -Identity mailbox@example.com -ImapEnabled $true -SmtpClientAuthenticationDisabled $false`
  return html`<h2>${exchange.title}</h2>
<p>${exchange.intro}</p>
<p>${exchange.once}</p>
<pre class="link">${register}</pre>
<p>${exchange.each}</p>
<pre class="link">${eachMailbox}</pre>
<p class="soft">${exchange.wait}</p>`
}
