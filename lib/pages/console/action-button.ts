import { html, type Markup } from '../html.js'
import { type ActionKind, type ActionName, findAction } from './actions.js'
import { actionButton, link, segment, type View } from './frame.js'

/** The button of an action, or the link to its question; nothing where the caller's role may not do it. */
export function buttonOf<K extends ActionKind>(
  view: View,
  kind: K,
  { id, name, plain = false, label }: { id: string; name: ActionName<K>; plain?: boolean; label?: string },
): Markup | false {
  const action = findAction(kind, name)
  if (action === undefined || !view.may(action.operation)) return false
  const path = `/${kind}/${segment(id)}/${name}`
  const text = label ?? action.label
  if (!('question' in action)) return actionButton(view, path, { text, plain })
  return html`<a class="button${plain ? ' plain' : ''}" href="${link(view, path)}">${text}</a>`
}
