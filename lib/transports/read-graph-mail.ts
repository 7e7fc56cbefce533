/**
 * The bytes of one mail, and whose fault it is when they do not arrive. A mail counts as absent only on the third try,
 * because copies of a mailbox lag behind one another. Any other refusal concerns the mailbox if Graph refuses its
 * folder too, otherwise this mail (`hint: message`), for which the caller counts strikes.
 */
import { GatewayError } from '../errors.js'
import { mailGone, mailNotGiven } from './fetch-faults.js'
import type { GraphCall } from './graph-client.js'
import { folderId, type GraphMailbox, isGone } from './graph-mailbox.js'

/** One folder of one mailbox as a session reads it. */
export interface GraphPlace extends GraphMailbox {
  /** As configured: a well-known name, an id or the name people see. */
  folder: string
}

/** Less than a poll has: a mail that never ends must not end the poll of all others. */
const mailTimeoutMs = 30_000

/** Rejects with `mail_gone`, `mail_too_large`, `mail_not_given`, or what the mailbox answers. */
export async function readGraphMail(
  place: GraphPlace,
  id: string,
  { maxBytes, room }: { maxBytes: number; room: GraphCall['room'] | undefined },
): Promise<Uint8Array> {
  const read = async (): Promise<Uint8Array> => {
    const to = `${messagePath(place, id)}/$value`
    const options = { maxBytes, timeoutMs: mailTimeoutMs, ...(room === undefined ? {} : { room }) }
    const bytes = await place.graph.bytes({ method: 'GET', to, operation: 'receive', ...options })
    // A mail has a header at least.
    if (bytes.length === 0) throw mailNotGiven()
    return bytes
  }
  try {
    return await read().catch((error) => (isGone(error) ? read() : Promise.reject(error)))
  } catch (error) {
    if (!isGone(error)) throw await blamed(place, error)
    throw (await isThere(place, id)) ? mailNotGiven((error as GatewayError).peerLine) : mailGone()
  }
}

export const messagePath = ({ box }: GraphPlace, id: string): string => `${box}/messages/${encodeURIComponent(id)}`

/** False only when Graph says that there is no such mail. */
export const isThere = (place: GraphPlace, id: string): Promise<boolean> => answers(place, messagePath(place, id))

/** False only when Graph says that there is no such mail in this folder. */
export async function isInFolder(place: GraphPlace, id: string): Promise<boolean> {
  const folder = encodeURIComponent(await folderId(place.graph, place.box, place.folder))
  return answers(place, `${place.box}/mailFolders/${folder}/messages/${encodeURIComponent(id)}`)
}

async function answers({ graph }: GraphPlace, path: string): Promise<boolean> {
  try {
    await graph.json({ method: 'GET', to: `${path}?$select=id`, operation: 'receive' })
    return true
  } catch (error) {
    return !isGone(error)
  }
}

async function blamed(place: GraphPlace, error: unknown): Promise<unknown> {
  if (!(error instanceof GatewayError) || ['message', 'throttle', 'busy'].includes(error.hint ?? '')) return error
  const trouble = await troubleOf(place)
  if (trouble !== undefined) return trouble
  return error.class === 'transient' ? error.with({ hint: 'message' }) : mailNotGiven(error.peerLine)
}

/** What keeps the whole folder from being read with the same token, if anything does. */
export async function troubleOf({ graph, box, folder }: GraphPlace): Promise<GatewayError | undefined> {
  try {
    const id = encodeURIComponent(await folderId(graph, box, folder))
    await graph.json({ method: 'GET', to: `${box}/mailFolders/${id}?$select=id`, operation: 'receive' })
    return undefined
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return error.class === 'permanent' ? undefined : error
  }
}
