/**
 * The mailbox of a confirmed sign-in: made once under a key of its own, or switched in place by a reconnect (M-069).
 */

import { isDeepStrictEqual } from 'node:util'
import { conflict, type GatewayError } from '../../errors.js'
import type { ConnectionRef } from '../../model/connection.js'
import type { AfterReceive, Mailbox, MailboxRef, ReceiveSettings, SendSettings } from '../../model/mailbox.js'
import { type ReceiveTarget, receiveTransports, sendTransports, type Targets } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findMailbox, insertMailbox, updateMailbox } from '../../rows/mailboxes.js'
import { findMailboxId, nameTaken, takeName } from '../../rows/names.js'

/** What a mailbox is called from the start: its address, which it has alone unless it has a name of its own (M-020). */
export interface Called {
  address: string
  name?: string | undefined
}

/** Looked at before anything is written: two links for one address may be open at once. */
export async function assertNamesFree(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  { address, name = '' }: Called,
): Promise<void> {
  const holder = await findMailboxId(deps, tenant, name === '' ? { address } : { name })
  if (holder !== undefined && holder !== mailboxId) throw name === '' ? mailboxExists() : nameTaken(name)
}

/**
 * The first thing a confirmation takes: two links for one address may be open at once. Safe to repeat with the same id.
 */
export async function reserveNames(deps: Toolbox, owner: MailboxRef, { address, name = '' }: Called): Promise<void> {
  if (name !== '' && !(await takeName(deps, owner, { name }))) throw nameTaken(name)
  // The first mailbox of an address is the one that the address means; another one says so later.
  if (!(await takeName(deps, owner, { address })) && name === '') throw mailboxExists()
}

export const mailboxExists = (): GatewayError =>
  conflict(
    'mailbox_exists',
    'This address is already connected.',
    'Reconnect the existing mailbox instead; for another one at this address, give it a name.',
  )

export interface NewMailbox {
  tenant: string
  mailboxId: string
  connectionId: string
  /** When sending has a connection of its own. */
  sendConnectionId?: string
  address: string
  name?: string | undefined
  displayName: string
  mailboxUser?: string
  /** What happens at the server to received mail; absent: as the settings say. */
  after?: AfterReceive
}

/** Safe to repeat with the same ids. `later`: how it receives once an administrator has approved that. */
export async function createMailbox(
  deps: Toolbox,
  made: NewMailbox,
  wanted: Targets & { later?: ReceiveTarget },
): Promise<void> {
  const { tenant, mailboxId, connectionId, address, name = '', mailboxUser } = made
  const by = { connectionId, ...(mailboxUser === undefined ? {} : { user: mailboxUser }) }
  if ((await findMailbox(deps, tenant, mailboxId)) !== undefined) return
  const owner = { tenant, mailboxId }
  await reserveNames(deps, owner, made)
  const now = new Date(deps.clock.now()).toISOString()
  const later = withAction(receiveOf(wanted.later ? { receive: wanted.later } : {}, by), made.after)
  const mailbox: Mailbox = {
    id: mailboxId,
    tenant,
    key: await freeKey(deps, owner, address),
    name,
    address,
    displayName: made.displayName,
    description: '',
    purpose: '',
    active: true,
    receive:
      later.transport === 'none'
        ? withAction(receiveOf(wanted, by), made.after)
        : { transport: 'none', awaiting: { receive: later, since: now } },
    send: sendOf(wanted, { ...by, connectionId: made.sendConnectionId ?? connectionId }),
    sendAs: [],
    epoch: 1,
    createdAt: now,
  }
  await takeName(deps, owner, 'default')
  await insertMailbox(deps, mailbox)
}

/** Id, cursor and history stay; a direction changes only when it is this connection's and the way of signing in did. */
export async function switchMailbox(
  deps: Toolbox,
  { tenant, mailboxId, connectionId }: MailboxRef & ConnectionRef,
  wanted: Targets,
): Promise<void> {
  const known = await findMailbox(deps, tenant, mailboxId)
  if (known === undefined) return
  const { etag, ...mailbox } = known
  const receive = switchedReceive(mailbox.receive, receiveOf(wanted, { connectionId }), connectionId)
  const send = switchedSend(mailbox.send, sendOf(wanted, { connectionId }), connectionId)
  if (isDeepStrictEqual([receive, send], [mailbox.receive, mailbox.send])) return
  await updateMailbox(deps, { ...mailbox, receive, send, epoch: mailbox.epoch + 1 }, etag)
}

function switchedReceive(before: ReceiveSettings, wanted: ReceiveSettings, connectionId: string): ReceiveSettings {
  if (wanted.transport === 'none' || before.transport === 'none' || before.connectionId !== connectionId) return before
  if (wanted.transport === before.transport) return receiveTransports[wanted.transport].atServerOf(before, wanted)
  // What is done at the server with a mail taken is the person's choice, whatever the way to it.
  return before.after === undefined ? wanted : { ...wanted, after: before.after }
}

function switchedSend(before: SendSettings, wanted: SendSettings, connectionId: string): SendSettings {
  if (wanted.transport === 'none' || before.transport === 'none' || before.connectionId !== connectionId) return before
  if (wanted.transport === before.transport) return sendTransports[wanted.transport].atServerOf(before, wanted)
  return wanted
}

const receiveOf = ({ receive }: Targets, by: { connectionId: string; user?: string }): ReceiveSettings =>
  receive === undefined ? { transport: 'none' } : receiveTransports[receive.transport].side(receive, by)

const withAction = (receive: ReceiveSettings, after: AfterReceive | undefined): ReceiveSettings =>
  receive.transport === 'none' || after === undefined ? receive : { ...receive, after }

const sendOf = ({ send }: Targets, by: { connectionId: string; user?: string }): SendSettings =>
  send === undefined ? { transport: 'none' } : sendTransports[send.transport].side(send, by)

/** From the local part of the address; taken ones get a number. Unique by insert. */
async function freeKey(deps: Toolbox, owner: MailboxRef, address: string): Promise<string> {
  const word =
    address
      .slice(0, address.lastIndexOf('@'))
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '') || 'mail'
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '' : number.toString(36)
    const key = `${word.slice(0, 5 - suffix.length)}${suffix}`
    if (await takeName(deps, owner, { key })) return key
  }
}
