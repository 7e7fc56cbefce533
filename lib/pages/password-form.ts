import type { TypedServers } from '../model/sign-in.js'
import { type FormProblem, fieldErrors } from './field-errors.js'
import { html, type Markup } from './html.js'
import type { Texts } from './texts/texts.js'

export interface KnownServer {
  host: string
  port: number
  tls: string
}

interface PasswordPage {
  link: string
  formToken: string
  signInAs: string
  target: { receive: boolean; send: boolean }
  discovered: { imap?: KnownServer; smtp?: KnownServer }
  /** Given back after a mistake; the password never is. */
  typed?: TypedServers | undefined
  problem?: FormProblem | undefined
}

export function passwordForm(page: PasswordPage, suggested: boolean, t: Texts): Markup {
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
  const errors = page.problem && page.typed ? fieldErrors(page.problem, page.typed, t) : new Map<string, string>()
  const [focused] = focusOrder.filter((name) => errors.has(name))
  /** What assistive technology is told of a field at fault, and where the cursor stands. */
  const state = (name: string): Markup =>
    html`${errors.has(name) ? html` aria-invalid="true" aria-describedby="${name}-error"` : ''}${name === focused ? html` autofocus` : ''}`
  const said = (name: string): Markup =>
    errors.has(name) ? html`<p class="field-error" id="${name}-error">${errors.get(name)}</p>` : html``
  const server = (kind: 'imap' | 'smtp'): Markup => {
    const tls = typed[`${kind}Tls`]
    return html`<fieldset><legend>${t.form.server(kind)}</legend>${said(`${kind}Host`)}<div class="row">
<div><label for="${kind}Host">${t.form.host}</label><input id="${kind}Host" name="${kind}Host" value="${typed[`${kind}Host`]}" placeholder="${kind}.example.com" autocapitalize="none" spellcheck="false" required maxlength="253"${state(`${kind}Host`)}></div>
<div><label for="${kind}Port">${t.form.port}</label><input id="${kind}Port" name="${kind}Port" value="${typed[`${kind}Port`]}" inputmode="numeric" maxlength="5"${state(`${kind}Port`)}></div>
<div><label for="${kind}Tls">${t.form.encryption}</label><select id="${kind}Tls" name="${kind}Tls"${state(`${kind}Tls`)}><option value="implicit"${tls === 'implicit' ? html` selected` : ''}>TLS</option><option value="starttls"${tls === 'starttls' ? html` selected` : ''}>STARTTLS</option></select></div>
</div>${said(`${kind}Port`)}${said(`${kind}Tls`)}</fieldset>`
  }
  return html`<form method="post" action="/connect/${page.link}/password">
<input type="hidden" name="token" value="${page.formToken}">
<label for="username">${t.form.username}</label>${said('username')}
<input id="username" name="username" value="${typed.username}" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="254"${state('username')}>
<label for="password">${t.form.password}</label>${said('password')}
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1000"${state('password')}>
${page.target.receive ? server('imap') : ''}
${page.target.send ? server('smtp') : ''}
<button${suggested ? '' : html` class="plain"`} type="submit">${t.form.check}</button>
<p class="soft">${t.form.takes}</p>
</form>`
}

/** A wrong user name is rarer than a wrong password. */
const focusOrder = ['password', 'username', 'imapHost', 'imapPort', 'imapTls', 'smtpHost', 'smtpPort', 'smtpTls']
