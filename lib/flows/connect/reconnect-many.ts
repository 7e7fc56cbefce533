/**
 * Reconnect links for many mailboxes in one call (M-147): those that are named, or the next ones that a filter means.
 * Each link is what `startReconnect` makes for one mailbox; a mailbox that cannot have one is listed with the reason and
 * stops none of the others. Links are made a few at a time, and none is begun after half a minute: what is left over
 * is `open`, and the next call goes on there. A mailbox whose owner has used the link is no longer meant by a filter for
 * what was wrong with it, so the same filter shows what remains.
 */
import { asGatewayError, isStorageUnavailable } from '../../errors.js'
import type { MailboxFilter } from '../../model/mailbox-filter.js'
import type { ReconnectManyInput } from '../../model/reconnect-schemas.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { pageOfMatchingMailboxes } from '../../rows/matching-mailboxes.js'
import type { StartedSignIn } from './insert-sign-in.js'
import { startReconnect } from './start-sign-in.js'

interface Link extends StartedSignIn {
  mailboxId: string
  address: string
}

interface Refused {
  mailboxId: string
  address: string
  code: string
  description: string
  remedy: string
}

export interface ManyReconnects {
  links: Link[]
  refused: Refused[]
  /** Links made, and mailboxes meant that have none. */
  done: number
  open: number
  /** With a filter: more are meant behind this id. */
  next: string
}

interface Named {
  id: string
  address: string
}

const beginWithinMs = 30_000
const perCall = 500

export async function reconnectMany(deps: Toolbox, tenant: string, input: ReconnectManyInput): Promise<ManyReconnects> {
  const { named, next } = await meantBy(deps, tenant, input)
  const until = deps.clock.now() + beginWithinMs
  const ended = await mapInBatches(named, async ({ id, address }): Promise<Link | Refused | undefined> => {
    if (deps.clock.now() >= until || deps.stopping.aborted) return undefined
    try {
      const ref = { tenant, mailboxId: id }
      const { allowChange } = input
      return { mailboxId: id, address, ...(await startReconnect(deps, ref, allowChange ? { allowChange } : {})) }
    } catch (error) {
      const failure = asGatewayError(error)
      if (isStorageUnavailable(failure) || failure.code === 'unexpected') throw error
      const { code, description, remedy } = failure
      return { mailboxId: id, address, code, description, remedy }
    }
  })
  const links = ended.flatMap((one) => (one !== undefined && 'link' in one ? [one] : []))
  const refused = ended.flatMap((one) => (one !== undefined && 'code' in one ? [one] : []))
  const left = ended.indexOf(undefined)
  const behind = left > 0 ? named[left - 1]!.id : (input.after ?? '')
  return { links, refused, done: links.length, open: named.length - links.length, next: left < 0 ? next : behind }
}

async function meantBy(
  deps: Toolbox,
  tenant: string,
  { mailboxIds, filter, after, limit = perCall }: ReconnectManyInput,
): Promise<{ named: Named[]; next: string }> {
  if (mailboxIds !== undefined) {
    const named = await mapInBatches([...new Set(mailboxIds)], async (id) => ({
      id,
      address: (await findMailbox(deps, tenant, id))?.address ?? '',
    }))
    return { named, next: '' }
  }
  const wanted: MailboxFilter = filter ?? {}
  const page = { limit, ...(after === undefined ? {} : { after }) }
  const { found, next } = await pageOfMatchingMailboxes(deps, { tenant, filter: wanted }, page)
  return { named: found, next }
}
