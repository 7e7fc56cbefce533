/**
 * The actions on one kind of thing. GET asks where an action is asked first; POST acts, and where a question belongs to
 * the action only with its answer, so that no page can offer it at one press.
 */
import type { HttpHandler } from '@azure/functions'
import { GatewayError } from '../../errors.js'
import { type ActionKind, type ActionName, findAction } from '../../pages/console/actions.js'
import { askPage, pageOf } from '../../pages/console/ask-page.js'
import { link } from '../../pages/console/frame.js'
import type { Markup } from '../../pages/html.js'
import type { ConsoleAnswer } from './console-answer.js'
import {
  type ConsoleCall,
  type ConsoleGateway,
  type ConsoleOptions,
  consoleHandler,
  requireRole,
  unknownAction,
} from './console-handler.js'

interface Acting<G, K extends ActionKind> extends Pick<ConsoleOptions, 'tenant'> {
  /** Rows of a list of facts about the thing; throws when there is none. */
  describe(call: ConsoleCall<G>, id: string): Promise<Markup>
  /** Nothing given back: the page of the thing, with the words of the action. */
  act(call: ConsoleCall<G>, id: string, name: ActionName<K>): Promise<ConsoleAnswer | undefined>
  /** The one action of a route that names it instead of a part `{action}`. */
  only?: string
}

export function consoleActionHandler<G extends ConsoleGateway, K extends ActionKind>(
  gateway: () => Promise<G>,
  kind: K,
  { describe, act, tenant = true, only = '' }: Acting<G, K>,
): HttpHandler {
  return consoleHandler(
    gateway,
    async (call) => {
      const { view, params, request, form } = call
      const { id = '', action: name = only } = params
      const action = findAction(kind, name)
      if (action === undefined) throw unknownAction()
      requireRole(view, action.operation)
      const isAsked = 'question' in action
      if (request.method === 'GET') {
        if (!isAsked) return { redirect: link(view, pageOf(kind, id)) }
        return askPage(view, { kind, id, name, facts: await describe(call, id) })
      }
      if (isAsked && form.get('sure') !== 'yes') throw unanswered()
      const answer = await act(call, id, name as ActionName<K>)
      return answer ?? { redirect: link(view, pageOf(kind, id), { done: `${kind}-${name}` }) }
    },
    { tenant, operation: ({ action = only }) => findAction(kind, action)?.operation ?? '' },
  )
}

function unanswered(): GatewayError {
  return new GatewayError('question_unanswered', 'permanent', {
    status: 409,
    description:
      'The console asks for confirmation before this action, and nobody has confirmed it, so nothing was done.',
    remedy: 'Go back and press the button: it leads to the confirmation.',
  })
}
