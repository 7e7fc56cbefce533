/** A mailbox at mail servers, connected by an administrator who knows its accounts. */
import { html, type Markup } from '../html.js'
import { consolePage, link, type View } from './frame.js'

/** Texts of the form; passwords are typed again. */
export type TypedServerMailbox = Record<
  | 'address'
  | 'name'
  | 'displayName'
  | 'username'
  | 'smtpLogin'
  | 'smtpUsername'
  | `${'imap' | 'smtp'}${'Host' | 'Port' | 'Tls' | 'Ca'}`,
  string
>

export interface ServerMailboxForm {
  typed: TypedServerMailbox
  /** What is wrong, by field. */
  errors: ReadonlyMap<string, string>
  refused: { code: string; description: string; remedy: string }
}

const blank = { imapTls: 'implicit', smtpTls: 'implicit', smtpLogin: 'same' } as Partial<TypedServerMailbox>

export function serverMailboxPage(view: View, again?: ServerMailboxForm): string {
  const typed: Partial<TypedServerMailbox> = again?.typed ?? blank
  const errors = again?.errors ?? new Map<string, string>()
  const focused = [...errors.keys()][0]
  const mark = (name: string): Markup =>
    html`${errors.has(name) && html` aria-invalid="true" aria-describedby="${name}-error"`}${name === focused && html` autofocus`}`
  const said = (name: string): Markup | false =>
    errors.has(name) && html`<p class="field-error" id="${name}-error">${errors.get(name)}</p>`
  const text = (name: keyof TypedServerMailbox, label: string, more: Markup = html``): Markup =>
    html`<label for="${name}">${label}</label>${said(name)}
<input id="${name}" name="${name}" value="${typed[name] ?? ''}" autocomplete="off" autocapitalize="none" spellcheck="false"${more}${mark(name)}>`
  const password = (name: 'password' | 'smtpPassword'): Markup =>
    html`<label for="${name}">Password</label>${said(name)}
<input id="${name}" name="${name}" type="password" maxlength="1000" autocomplete="new-password"${mark(name)}>`
  const choice = (
    name: keyof TypedServerMailbox,
    label: string,
    options: readonly (readonly [string, string])[],
  ): Markup =>
    html`<label for="${name}">${label}</label>${said(name)}
<select id="${name}" name="${name}"${mark(name)}>${options.map(([value, words]) => html`<option value="${value}"${typed[name] === value && html` selected`}>${words}</option>`)}</select>`
  const server = (kind: 'imap' | 'smtp'): Markup => html`${text(`${kind}Host`, 'Server', html` maxlength="259"`)}
${text(`${kind}Port`, 'Port, if it is not the usual one', html` inputmode="numeric" maxlength="5"`)}
${choice(`${kind}Tls`, 'Encryption', kind === 'imap' ? encrypted : [...encrypted, ['plain', 'None: a relay in a permitted network']])}
<label for="${kind}Ca">Certificate of a private authority (PEM), if it needs one</label>${said(`${kind}Ca`)}
<textarea id="${kind}Ca" name="${kind}Ca" rows="3" maxlength="20000" spellcheck="false"${mark(`${kind}Ca`)}>${typed[`${kind}Ca`] ?? ''}</textarea>`
  const title = 'Connect a mailbox at a mail server'
  return consolePage(
    view,
    { current: '', title },
    html`<h1>${title}</h1>
<p>The gateway tests reading and sending with these accounts, and saves the mailbox only if both work. Leave a server empty for a direction that is not used.</p>
${again !== undefined && html`<p class="field-error" role="alert"><strong>Not saved.</strong> ${again.refused.description} <span class="dim">Code ${again.refused.code}</span></p>`}
<form class="card wide" method="post" action="${link(view, '/server-mailbox')}" autocomplete="off"><input type="hidden" name="csrf" value="${view.csrf}">
${text('address', 'Mail address', html` type="email" required maxlength="254"`)}
${text('displayName', 'Name that recipients see', html` maxlength="100"`)}
${text('name', 'Name by which mails may choose this mailbox', html` maxlength="64"`)}
<fieldset><legend>Receiving: IMAP</legend>
${server('imap')}
${text('username', 'User name, if it is not the address', html` maxlength="254"`)}
${password('password')}</fieldset>
<fieldset><legend>Sending: SMTP</legend>
${server('smtp')}
${choice('smtpLogin', 'Sign-in', logins)}
${text('smtpUsername', 'User name of its own account', html` maxlength="254"`)}
${password('smtpPassword')}</fieldset>
<p class="row"><button>Test and save</button><a class="button plain" href="${link(view, '/mailboxes')}">No, go back</a></p></form>`,
  )
}

const encrypted = [
  ['implicit', 'TLS'],
  ['starttls', 'STARTTLS'],
] as const
const logins = [
  ['same', 'With the account for receiving'],
  ['own', 'With an account of its own'],
  ['none', 'None: a relay without sign-in'],
] as const
