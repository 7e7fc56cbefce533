/** What is broken now, as people see it: who must act, what helps, and the calls that do it. */
import type { ErrorClass } from '../errors.js'

export const attentionKinds = [
  'mailbox-receive',
  'mailbox-send',
  'connection',
  'sign-in',
  'registration',
  'webhook',
  'mail-unknown',
  'message',
  'balance',
  'removal',
  'platform',
] as const

export type AttentionKind = (typeof attentionKinds)[number]

/** One thing that is broken now. */
export interface AttentionItem {
  /** Whose it is; `~` for the deployment's own. */
  tenant: string
  kind: AttentionKind
  id: string
  since: string
  code: string
  class: ErrorClass
  /** Plain words for who must act. */
  whoActs: string
  description: string
  remedy: string
  peerLine: string
  mailboxId: string
  connectionId: string
  /** What people know it by: an address, a user name, the name of a registration; empty when there is none. */
  subject: string
  /** What helps, as calls of the API; the console has a button for most of them. */
  actions: AttentionAction[]
}

/** One call that helps. */
export interface AttentionAction {
  /** Name of the operation, as in the table of operations: `mailboxReconnect`. */
  operation: string
  label: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path of the API with its ids filled in. */
  path: string
  /** The JSON body as far as it is known beforehand; a secret is never part of it. */
  body?: string
  /** Path below `/console` that does the same with one press; absent: the command is shown. */
  console?: string
  /** The console asks first, on a page of the same path. */
  asks?: true
}

/** A mailbox as far as it decides which troubles are its own. */
export interface ConcernedMailbox {
  id: string
  /** The connections it receives and sends by. */
  connections: readonly { id: string; registrationId: string }[]
}

/**
 * True when the mailbox suffers from it. A trouble of one mailbox is nobody else's, whatever connection they share; one of
 * a connection is that of every mailbox on it, one of a registration that of every mailbox whose connection uses it.
 */
export function concerns(item: Pick<AttentionItem, 'kind' | 'id' | 'mailboxId'>, mailbox: ConcernedMailbox): boolean {
  if (item.kind === 'connection') return mailbox.connections.some(({ id }) => id === item.id)
  if (item.kind === 'registration') return mailbox.connections.some(({ registrationId }) => registrationId === item.id)
  if (item.kind === 'mailbox-receive' || item.kind === 'mailbox-send') return item.id === mailbox.id
  return item.mailboxId !== '' && item.mailboxId === mailbox.id
}

/** Known from the date alone, as opposed to a refusal of the provider. */
export const isExpiry = (code: string): boolean => isForewarning(code) || code === 'secret_expired'

/** A client secret that still works: somebody must act before its day, and nothing is broken yet. */
export const isForewarning = (code: string): boolean => code.startsWith('secret_expires_in_')

export function whoActs(errorClass: string, hint: string): string {
  if (errorClass === 'needs-reconnect') return 'Mailbox owner'
  if (errorClass === 'needs-admin') return hint.includes('operator') ? 'Gateway operator' : "Customer's administrator"
  if (hint === 'endpoint') return 'Developers of the application'
  if (hint === 'look-up') return 'Whoever can look into the mailbox'
  if (hint.includes('bug')) return 'Gateway developers'
  return errorClass === 'permanent' ? 'Sender of the mail' : 'Nobody: the gateway retries automatically'
}

/** `mailboxId`: the mailbox that the calls are for, when the trouble is that of a connection. */
export function attentionActions(
  item: Pick<AttentionItem, 'kind' | 'id' | 'class' | 'mailboxId'> & { body?: string },
  mailboxId: string = item.mailboxId,
): AttentionAction[] {
  const id = encodeURIComponent(item.kind.startsWith('mailbox-') ? item.id : mailboxId)
  const onMailbox = (operation: string, label: string, action: string): AttentionAction[] =>
    id === ''
      ? []
      : [
          {
            operation,
            label,
            method: 'POST',
            path: `/api/v1/mailboxes/${id}/${action}`,
            console: `/mailboxes/${id}/${action}`,
          },
        ]
  const reconnect = () => onMailbox('mailboxReconnect', 'Make a reconnect link', 'reconnect')
  switch (item.kind) {
    case 'mailbox-receive':
      return [
        ...(item.class === 'needs-reconnect' ? reconnect() : []),
        ...onMailbox('mailboxPoll', 'Fetch mail now', 'poll'),
      ]
    case 'mailbox-send':
      return [
        ...(item.class === 'needs-reconnect' ? reconnect() : []),
        ...onMailbox('mailboxTestMail', 'Send a test mail', 'test-mail'),
      ]
    case 'connection':
      return item.class === 'needs-reconnect'
        ? reconnect()
        : [
            ...onMailbox('mailboxPoll', 'Try again', 'poll'),
            ...onMailbox('mailboxReconnect', 'Make an approval link', 'reconnect'),
          ]
    case 'registration':
      return [
        {
          operation: 'registrationSave',
          label: 'Save a new client secret …',
          method: 'PUT',
          path: `/api/v1/registrations/${encodeURIComponent(item.id)}`,
          ...(item.body === undefined || item.body === '' ? {} : { body: item.body }),
          console: `/registrations/${encodeURIComponent(item.id)}/secret`,
          asks: true,
        },
      ]
    case 'sign-in':
      return (['confirm', 'reject'] as const).map((action) => ({
        operation: action === 'confirm' ? 'signInConfirm' : 'signInReject',
        label: action === 'confirm' ? 'Confirm' : 'Reject …',
        method: 'POST',
        path: `/api/v1/sign-ins/${encodeURIComponent(item.id)}/${action}`,
        console: `/sign-ins/${encodeURIComponent(item.id)}/${action}`,
        ...(action === 'reject' ? { asks: true as const } : {}),
      }))
    case 'webhook':
      return [
        {
          operation: 'webhookRemove',
          label: 'Remove the webhook',
          method: 'DELETE',
          path: `/api/v1/webhooks/${encodeURIComponent(item.id)}`,
        },
      ]
    case 'mail-unknown':
      return (['sent', 'not-sent', 'resend'] as const).map((outcome) => ({
        operation: 'mailResolve',
        label: { sent: 'It was sent', 'not-sent': 'It was not sent: give up', resend: 'Send again' }[outcome],
        method: 'POST',
        path: `/api/v1/mails/${encodeURIComponent(item.id)}/resolve`,
        body: JSON.stringify({ outcome }),
      }))
    default:
      return []
  }
}
