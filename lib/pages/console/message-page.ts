import { html } from '../html.js'
import { consolePage, link, page, segment, type View } from './frame.js'
import { when } from './words.js'

export interface Failure {
  code: string
  description: string
  remedy: string
  requestId: string
  /** Page to go back to; absent: the overview alone. */
  back?: string
}

/** What went wrong and what to do, with the id that the operator finds in the log. */
export function failurePage(failure: Failure, view?: View): string {
  const body = html`<h1>That did not work</h1>
<div class="card alert" role="alert"><p><b>${failure.description}</b></p>${failure.remedy !== '' && html`<p>What to do: ${failure.remedy}</p>`}</div>
<p class="dim">Code ${failure.code} · request ${failure.requestId}</p>
<p class="row">${failure.back !== undefined && failure.back !== '/console' && html`<a class="button" href="${failure.back}">Back to where you were</a>`}<a href="${view ? link(view, '') : '/console'}">Back to the overview</a></p>`
  return view ? consolePage(view, { current: '', title: 'That did not work' }, body) : page('That did not work', body)
}

/** The reconnect link is a secret of the mailbox owner: shown once as text, never as a link to click here. */
export function reconnectPage(
  view: View,
  mailbox: { id: string; address: string },
  started: { link: string; expiresAt: string },
): string {
  const letter = `The connection to the mailbox ${mailbox.address} must be renewed.\n\nPlease open this link, sign in as ${mailbox.address} and accept:\n${started.link}\n\nThe link expires at ${started.expiresAt.slice(0, 16).replace('T', ' ')} UTC. Do not pass it on.`
  return consolePage(
    view,
    { current: '/mailboxes', title: 'Reconnect link' },
    html`<h1>Reconnect link for ${mailbox.address}</h1>
<div class="card wide"><label for="link">Copy this link and send it to the owner of the mailbox</label>
<input id="link" readonly value="${started.link}" aria-describedby="hint" class="copy">
<p id="hint">The owner must open it, sign in as ${mailbox.address} and accept. Do not open it yourself. It expires ${when(started.expiresAt, view.now, 'soon')}. Afterwards the gateway sends the waiting mail automatically.</p>
<p><a class="button" href="mailto:${encodeURIComponent(mailbox.address)}?subject=${encodeURIComponent(`Please reconnect ${mailbox.address}`)}&amp;body=${encodeURIComponent(letter)}">Write the mail</a></p>
<details><summary>Text of the mail, to copy</summary><div class="words copy">${letter}</div></details></div>
<p><a href="/console/mailboxes/${encodeURIComponent(mailbox.id)}${view.caller.role === 'operator' ? `?tenant=${encodeURIComponent(view.tenant)}` : ''}">Back to the mailbox</a></p>`,
  )
}

/** The link by which an administrator of the mailbox's organisation lets it read (M-142). */
export function approvalLinkPage(
  view: View,
  mailbox: { id: string; address: string },
  started: { link: string; expiresAt: string },
): string {
  const letter = `Please open this link and approve the application for your Microsoft 365, so that ${mailbox.address} can receive:\n${started.link}\n\nIt shows who asks and for what, connects nobody's mailbox, and expires at ${started.expiresAt.slice(0, 16).replace('T', ' ')} UTC.`
  return consolePage(
    view,
    { current: '/mailboxes', title: 'Approval link' },
    html`<h1>Approval link for ${mailbox.address}</h1>
<div class="card wide"><label for="link">Copy this link and send it to an administrator of the organisation of the mailbox</label>
<input id="link" readonly value="${started.link}" aria-describedby="hint" class="copy">
<p id="hint">They see who asks and for what, and approve it at Microsoft. It expires ${when(started.expiresAt, view.now, 'soon')}. Afterwards the mailbox starts reading automatically; its owner does nothing.</p>
<p><a class="button" href="mailto:?subject=${encodeURIComponent('Please approve an application for our mail')}&amp;body=${encodeURIComponent(letter)}">Write the mail</a></p>
<details><summary>Text of the mail, to copy</summary><div class="words copy">${letter}</div></details></div>
<p><a href="${link(view, `/mailboxes/${segment(mailbox.id)}`)}">Back to the mailbox</a></p>`,
  )
}
