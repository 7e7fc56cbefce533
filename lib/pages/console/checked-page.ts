import type { CheckStage } from '../../model/check-stage.js'
import type { CheckedMailbox, CheckedPart } from '../../model/checked-mailbox.js'
import { html, type Markup } from '../html.js'
import { buttonOf } from './action-button.js'
import { consolePage, link, segment, type View } from './frame.js'
import { chip } from './words.js'

const stageWords: Record<CheckStage, string> = {
  dns: 'finding the server by its name',
  connect: 'connecting to the server',
  tls: 'encrypting the connection',
  greeting: "the server's first answer",
  'sign-in': 'the sign-in',
  folder: 'opening the mailbox or folder',
  'send-right': 'the permission to send',
}

/** What "Check now" found, part by part. */
export function checkedPage(view: View, mailbox: { id: string; address: string }, found: CheckedMailbox): string {
  return consolePage(
    view,
    { current: '/mailboxes', title: 'Check' },
    html`<h1>Check of ${mailbox.address}</h1>
<p>Tested just now. Nothing was fetched, sent or changed in the mailbox; directions that work resume immediately.</p>
<dl><dt>Sign-in</dt><dd>${part(found.signIn)}</dd><dt>Reading</dt><dd>${part(found.reading)}</dd><dt>Sending</dt><dd>${part(found.sending)}</dd></dl>
<div class="row">${buttonOf(view, 'mailboxes', { id: mailbox.id, name: 'check', label: 'Check again' })}${found.sending.stage === 'send-right' && buttonOf(view, 'mailboxes', { id: mailbox.id, name: 'test-mail', plain: true })}</div>
<p><a href="${link(view, `/mailboxes/${segment(mailbox.id)}`)}">Back to the mailbox</a></p>`,
  )
}

function part({ verdict, stage, code, whoActs, description, remedy }: CheckedPart): Markup {
  if (verdict === 'works') return chip('works', 'good')
  if (stage === null) return html`<span class="dim">not tested</span>`
  if (verdict === 'not-tested') return html`${chip('not tested', 'quiet')} ${description ?? ''}`
  return html`${chip('fails', 'bad')} Stopped at ${stageWords[stage]}: ${description ?? ''}<br>Who must act: ${whoActs ?? ''}<br>What to do: ${remedy ?? ''} <span class="dim">Code ${code ?? ''}</span>`
}
