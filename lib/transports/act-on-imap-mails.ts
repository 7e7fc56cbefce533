/**
 * What the mailbox owner wants to happen to mails that were handed over, by their UIDs in the open folder. A refusal
 * that leaves the session open concerns these mails and not the mailbox.
 */
import { GatewayError } from '../errors.js'
import type { AfterReceive } from '../model/mailbox.js'
import { mailActionRefused } from './fetch-faults.js'
import { uidSet } from './imap-cursor.js'
import type { ImapLink } from './imap-link.js'

type Action = Exclude<AfterReceive, { action: 'leave' }>

/** Rejects with `mail_action_refused` (permanent) for a right or for room that is missing. */
export async function actOnImapMails(link: ImapLink, uids: number[], action: Action): Promise<void> {
  try {
    if (action.action === 'mark-read') await flag(link, uids, '\\Seen')
    else if (action.action === 'move') await move(link, uids, action.folder)
    else await remove(link, uids)
  } catch (error) {
    throw link.usable ? actionFault(error) : error
  }
}

async function flag(link: ImapLink, uids: number[], name: string): Promise<void> {
  await link.must(() => link.client.messageFlagsAdd(uidSet(uids), [name], { uid: true, silent: true }))
}

async function move(link: ImapLink, uids: number[], folder: string): Promise<void> {
  const { client } = link
  if (client.capabilities.has('MOVE')) {
    await link.must(() => client.messageMove(uidSet(uids), folder, { uid: true }))
    return
  }
  await link.must(() => client.messageCopy(uidSet(uids), folder, { uid: true }))
  await remove(link, uids)
}

/** Without UIDPLUS, EXPUNGE would also remove what somebody else has marked: then ours stay marked only. */
async function remove(link: ImapLink, uids: number[]): Promise<void> {
  const { client } = link
  if (!client.capabilities.has('UIDPLUS')) {
    const marked = await link.must(() => client.search({ deleted: true }, { uid: true }))
    if (marked.some((uid) => !uids.includes(uid))) return flag(link, uids, '\\Deleted')
  }
  await link.must(() => client.messageDelete(uidSet(uids), { uid: true }))
}

/** The folder was opened and read: who lacks a right or room to change it does not lack the mailbox. */
const actionFault = (error: unknown): unknown =>
  error instanceof GatewayError && /^imap_(noperm|authorizationfailed|overquota)$/.test(error.code)
    ? mailActionRefused('The mail server', error)
    : error
