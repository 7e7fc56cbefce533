/**
 * What the mailbox owner wants to happen to mails that were handed over, one by one. A mail that no longer exists
 * counts as done. A mail that Graph keeps refusing while the folder can be read is reported and holds up neither the
 * others nor the mailbox.
 */
import { GatewayError } from '../errors.js'
import type { AfterReceive } from '../model/mailbox.js'
import { mailActionRefused } from './fetch-faults.js'
import { folderId, isGone } from './graph-mailbox.js'
import { type GraphPlace, isThere, messagePath, troubleOf } from './read-graph-mail.js'

/** Exchange serves four requests per mailbox at once; one stays free for sending. */
const atOnce = 3

/** Rejects with `mail_action_refused` (permanent) when all is done but for single mails. */
export async function actOnGraphMails(place: GraphPlace, ids: string[], action: AfterReceive): Promise<void> {
  if (action.action === 'leave') return
  const { graph, box } = place
  const operation = 'receive'
  const destinationId = action.action === 'move' ? await folderId(graph, box, action.folder) : ''
  const act = async (id: string): Promise<unknown> => {
    const to = messagePath(place, id)
    if (action.action === 'mark-read') return graph.json({ method: 'PATCH', to, body: { isRead: true }, operation })
    if (action.action === 'delete') return graph.json({ method: 'DELETE', to, operation })
    return graph.json({ method: 'POST', to: `${to}/move`, body: { destinationId }, operation })
  }
  const refusals: GatewayError[] = []
  const one = async (id: string): Promise<void> => {
    try {
      await act(id).catch((error) => (mayPass(error) ? act(id) : Promise.reject(error)))
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      if (!isGone(error) || (await isThere(place, id))) refusals.push(error)
    }
  }
  for (let at = 0; at < ids.length; at += atOnce) await Promise.all(ids.slice(at, at + atOnce).map(one))
  const [refusal] = refusals
  if (refusal === undefined) return
  if (refusal.hint === 'throttle') throw refusal
  // The mailbox itself: then all of it is owed still.
  const trouble = await troubleOf(place)
  throw trouble ?? mailActionRefused('Graph', refusal, refusals.length)
}

const mayPass = (error: unknown): boolean =>
  isGone(error) || (error instanceof GatewayError && error.class === 'transient' && error.hint !== 'throttle')
