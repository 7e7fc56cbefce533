/**
 * Content of outgoing mail that nobody needs any more (REL-11): left by an acceptance that died before the journal, by
 * a worker that died before it tidied up, or by a back end once its message was taken. A day after its last change it
 * goes, but only as it was listed: an acceptance that comes upon it meanwhile renews it first. Content of a mail that
 * is still open stays, and is renewed before the storage account's own rule of 30 days would take it.
 */
import { finalStates } from '../../model/mail.js'
import type { StoredBlob } from '../../ports/blobs.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { buriedMessages } from '../../rows/attention-lists.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { findMail } from '../../rows/mails.js'
import { blobName, mailOfBlob } from '../send/accept-mail.js'

const dayMs = 86_400_000
const orphanedMs = dayMs
const renewedMs = 20 * dayMs
const page = 500

/** Returns how many were removed. */
export async function removeOrphans(deps: Toolbox): Promise<number> {
  const container = deps.names.container('outbound')
  const isIdle = !(await messagesMayCome(deps))
  const now = deps.clock.now()
  let removed = 0
  const look = async (blob: StoredBlob): Promise<void> => {
    const use = await useOf(deps, blob.name, isIdle)
    if (use === 'none' && (await deps.blobs.remove(container, blob.name, blob.etag))) removed += 1
    if (use === 'open' && now - blob.changedAt > renewedMs) await deps.blobs.renew(container, blob.name)
  }
  let old: StoredBlob[] = []
  for await (const blob of deps.blobs.list(container, '')) {
    if (now - blob.changedAt <= orphanedMs || old.push(blob) < page) continue
    await mapInBatches(old, look)
    old = []
  }
  await mapInBatches(old, look)
  if (removed > 0) deps.log.info('orphans-removed', { count: removed })
  return removed
}

/** Waiting, on its way to be buried, or buried and shown to a person. The count of a queue is never below the truth. */
async function messagesMayCome(deps: Toolbox): Promise<boolean> {
  const queue = deps.names.queue('outbound-mail')
  for (const name of [queue, `${queue}-poison`]) if ((await deps.queues.depth(name)) ?? 0) return true
  for await (const _ of buriedMessages(deps)) return true
  return false
}

/**
 * `kept`: by a failed mail, which may be tried again, by a row of a newer build, or by a message that may still come.
 */
async function useOf(deps: Toolbox, name: string, isIdle: boolean): Promise<'open' | 'kept' | 'none'> {
  const named = mailOfBlob(name)
  if (named === undefined) return isIdle ? 'none' : 'kept'
  const entry = await findMail(deps, named.tenant, named.id)
  if (entry === undefined) return 'none'
  const { mail, newer } = entry
  if (mail.state === 'failed' || newer) return 'kept'
  return blobName(mail) !== name || finalStates.has(mail.state) ? 'none' : 'open'
}
