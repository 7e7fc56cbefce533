import { html } from '../html.js'
import { consolePage, page, type View } from './frame.js'
import { when } from './words.js'

export interface Failure {
  code: string
  description: string
  remedy: string
  requestId: string
}

/** What went wrong and what to do, with the id that the operator finds in the log. */
export function failurePage(failure: Failure, view?: View): string {
  const body = html`<h1>That did not work</h1>
<div class="card alert" role="alert"><p><b>${failure.description}</b></p>${failure.remedy !== '' && html`<p>What to do: ${failure.remedy}</p>`}</div>
<p class="dim">Code ${failure.code} · request ${failure.requestId}</p>
<p><a href="/console">Back to the overview</a></p>`
  return view ? consolePage(view, '', 'That did not work', body) : page('That did not work', body)
}

/** The reconnect link is a secret of the mailbox owner: shown once as text, never as a link to click here. */
export function reconnectPage(
  view: View,
  mailbox: { id: string; address: string },
  started: { link: string; expiresAt: string },
): string {
  return consolePage(
    view,
    '/mailboxes',
    'Reconnect link',
    html`<h1>Reconnect link for ${mailbox.address}</h1>
<div class="card wide"><label for="link">Copy this link and send it to the owner of the mailbox</label>
<input id="link" readonly value="${started.link}" aria-describedby="hint">
<p id="hint">The owner opens it, signs in as ${mailbox.address} and agrees. Do not open it yourself. It ends ${when(started.expiresAt, view.now, 'soon')}; waiting mail goes out by itself afterwards.</p></div>
<p><a href="/console/mailboxes/${encodeURIComponent(mailbox.id)}${view.caller.role === 'operator' ? `?tenant=${encodeURIComponent(view.tenant)}` : ''}">Back to the mailbox</a></p>`,
  )
}
