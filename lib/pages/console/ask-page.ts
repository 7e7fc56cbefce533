/** The question before an action that cannot be undone: a page of its own, so that it works without a script. */
import { html, type Markup } from '../html.js'
import { type ActionKind, type ConsoleAction, findAction } from './actions.js'
import { actionButton, consolePage, link, segment, type View } from './frame.js'

/** What is asked about: the place of the button in the console, and rows of a list of facts. */
export interface Asked {
  kind: ActionKind
  id: string
  name: string
  facts: Markup
}

/** The page of the thing itself; what has none stands on the overview. */
export const pageOf = (kind: ActionKind, id: string): string =>
  kind === 'mails' || kind === 'mailboxes' ? `/${kind}/${segment(id)}` : ''

export function askPage(view: View, { kind, id, name, facts }: Asked): string {
  const { question } = findAction(kind, name) as Extract<ConsoleAction, { question: unknown }>
  return consolePage(
    view,
    { current: kind === 'mails' || kind === 'mailboxes' ? `/${kind}` : '', title: question.title },
    html`<h1>${question.title}</h1>
<div class="card alert"><dl>${facts}</dl><p>${question.text}</p>
<div class="row">${actionButton(view, `/${kind}/${segment(id)}/${name}`, { text: question.yes, hidden: { sure: 'yes' } })}<a class="button plain" href="${link(view, pageOf(kind, id))}">No, go back</a></div></div>`,
  )
}
