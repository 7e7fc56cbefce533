import { html, type Markup } from './html.js'

export interface KnownServer {
  host: string
  port: number
  tls: string
}

/** What the person typed, given back after a mistake; the password never is. */
export type TypedForm = Record<
  'username' | 'imapHost' | 'imapPort' | 'imapTls' | 'smtpHost' | 'smtpPort' | 'smtpTls',
  string
>

interface PasswordPage {
  link: string
  formToken: string
  signInAs: string
  target: { receive: boolean; send: boolean }
  discovered: { imap?: KnownServer; smtp?: KnownServer }
  typed?: TypedForm
}

export function passwordForm(page: PasswordPage, suggested: boolean): Markup {
  const { imap, smtp } = page.discovered
  const typed = page.typed ?? {
    username: page.signInAs,
    imapHost: imap?.host ?? '',
    imapPort: String(imap?.port ?? 993),
    imapTls: imap?.tls ?? 'implicit',
    smtpHost: smtp?.host ?? '',
    smtpPort: String(smtp?.port ?? 465),
    smtpTls: smtp?.tls ?? 'implicit',
  }
  return html`<form method="post" action="/connect/${page.link}/password">
<input type="hidden" name="token" value="${page.formToken}">
<label for="username">User name</label>
<input id="username" name="username" value="${typed.username}" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="254">
<label for="password">Password or app password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1000">
${page.target.receive ? server('imap', 'Incoming mail (IMAP)', typed.imapHost, typed.imapPort, typed.imapTls) : ''}
${page.target.send ? server('smtp', 'Outgoing mail (SMTP)', typed.smtpHost, typed.smtpPort, typed.smtpTls) : ''}
<button${suggested ? '' : html` class="plain"`} type="submit">Check and continue</button>
</form>`
}

function server(kind: string, title: string, host: string, port: string, tls: string): Markup {
  return html`<fieldset><legend>${title}</legend><div class="row">
<div><label for="${kind}Host">Server</label><input id="${kind}Host" name="${kind}Host" value="${host}" placeholder="${kind}.example.com" autocapitalize="none" spellcheck="false" required maxlength="253"></div>
<div><label for="${kind}Port">Port</label><input id="${kind}Port" name="${kind}Port" value="${port}" inputmode="numeric" maxlength="5"></div>
<div><label for="${kind}Tls">Encryption</label><select id="${kind}Tls" name="${kind}Tls"><option value="implicit"${tls === 'implicit' ? html` selected` : ''}>TLS</option><option value="starttls"${tls === 'starttls' ? html` selected` : ''}>STARTTLS</option></select></div>
</div></fieldset>`
}
