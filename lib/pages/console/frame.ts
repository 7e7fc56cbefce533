import type { Caller } from '../../model/caller.js'
import { html, type Markup } from '../html.js'
import { htmlDocument } from '../html-document.js'
import { consoleStyle } from './style.js'

/** What every page of the console knows besides its own data. */
export interface View {
  caller: Caller
  /** The tenant looked at; `~` when an operator has chosen none. */
  tenant: string
  /** Milliseconds. */
  now: number
  csrf: string
  /** Result of the action that led here, in plain words. */
  notice: string
  /** What the caller's role may do here, by the names of operations. */
  may(operation: string): boolean
}

/** A path of the console with the chosen tenant, so that operators stay where they are. */
export function link(view: View, path: string, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query)
  if (view.caller.role === 'operator' && view.tenant !== '~' && !search.has('tenant')) search.set('tenant', view.tenant)
  const text = search.toString()
  return `/console${path}${text === '' ? '' : `?${text}`}`
}

/** Path segment from data. */
export const segment = (text: string): string => encodeURIComponent(text)

/** A button that changes something: one POST with the session's form token. */
export function actionButton(
  view: View,
  path: string,
  { text, hidden = {}, plain = false }: { text: string; hidden?: Record<string, string>; plain?: boolean },
): Markup {
  const fields = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="post" action="${link(view, path)}"><input type="hidden" name="csrf" value="${view.csrf}">${fields}<button${plain ? html` class="plain"` : ''}>${text}</button></form>`
}

/** The select of filters for operators that keep their tenant in a GET form. */
export function tenantField(view: View): Markup {
  return view.caller.role === 'operator' && view.tenant !== '~'
    ? html`<input type="hidden" name="tenant" value="${view.tenant}">`
    : html``
}

export function page(title: string, body: Markup, head: Markup = html``): string {
  return htmlDocument(
    { title, style: consoleStyle },
    html`<a class="skip" href="#main">Skip to content</a>
${head}
<main id="main">
${body}
</main>`,
  )
}

/** A page of a signed-in caller: header, navigation, notice, body. */
export function consolePage(view: View, { current, title }: { current: string; title: string }, body: Markup): string {
  const entry = (path: string, name: string): Markup =>
    html`<a href="${link(view, path)}"${path === current ? html` aria-current="page"` : ''}>${name}</a>`
  const chosen = view.tenant !== '~'
  const head = html`<header>
<a class="brand" href="${link(view, '')}">Mailbox Gateway</a>
<div class="row"><span class="dim">${who(view)}</span>${view.caller.role === 'operator' && html`<a href="/console">All tenants</a>`}${actionButton(view, '/sign-out', { text: 'Sign out', plain: true })}</div>
<nav aria-label="Console">${entry('', 'Overview')}${chosen && [entry('/mailboxes', 'Mailboxes'), entry('/mails', 'Mails'), entry('/logs', 'Logs')]}</nav>
</header>`
  const notice = view.notice === '' ? '' : html`<p class="notice" role="status">${view.notice}</p>`
  return page(title, html`${notice}${body}`, head)
}

function who(view: View): string {
  const role = { operator: 'Operator', 'tenant-admin': 'Tenant administrator', app: 'App' }[view.caller.role]
  return view.tenant === '~' ? role : `${role} · tenant ${view.tenant}`
}
