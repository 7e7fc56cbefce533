/** What is broken now, as people see it: who must act, what helps, and the calls that do it. */
import type { ErrorClass } from '../errors.js'

export const attentionKinds = [
  'mailbox-receive',
  'mailbox-send',
  'mailbox-quarantine',
  'connection',
  'sign-in',
  'registration',
  'webhook',
  'mail-unknown',
  'message',
  'balance',
  'removal',
  'platform',
  'timer',
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
  /** What helps, as calls of the API; the console has a button for each. */
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
  /** Path below `/console` that does the same. */
  console: string
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
 * True when the mailbox suffers from it. A trouble of one mailbox is nobody else's, whatever connection they share; one
 * of a connection is that of every mailbox on it, one of a registration that of every mailbox whose connection uses it.
 */
export function concerns(item: Pick<AttentionItem, 'kind' | 'id' | 'mailboxId'>, mailbox: ConcernedMailbox): boolean {
  if (item.kind === 'connection') return mailbox.connections.some(({ id }) => id === item.id)
  if (item.kind === 'registration') return mailbox.connections.some(({ registrationId }) => registrationId === item.id)
  if (item.kind === 'mailbox-receive' || item.kind === 'mailbox-send') return item.id === mailbox.id
  return item.mailboxId !== '' && item.mailboxId === mailbox.id
}

/** Known from the date alone, as opposed to a refusal of the provider. */
export const isExpiry = (code: string): boolean => isForewarning(code) || /^(secret|certificate)_expired$/.test(code)

/** A mailbox sends, and reading waits for an administrator of its organisation (M-142). */
export const awaitingCode = 'reading_awaits_approval'

/** Somebody must act before a day that is known, and nothing is broken yet: a secret, or what the gateway stands on. */
export const isForewarning = (code: string): boolean => /^((secret|certificate)_expires_in_|platform_end)/.test(code)

/** `hint`: of the error, which tells apart whom its class does not. Empty for what is no error. */
export function whoActs(errorClass: string, hint: string): string {
  if (errorClass === '') return ''
  if (hint === 'look-up') return 'An administrator, after checking the mailbox'
  if (hint === 'finding-out') return 'Nobody: the gateway finds out whether the mail was sent'
  if (errorClass === 'needs-reconnect') return 'Mailbox owner'
  if (hint.includes('operator')) return 'Gateway operator'
  if (errorClass === 'needs-admin') return "Customer's administrator"
  if (hint === 'endpoint') return 'Developers of the application'
  if (hint.includes('bug')) return 'Gateway developers'
  return errorClass === 'permanent' ? 'Sender of the mail' : 'Nobody: the gateway retries automatically'
}

/** `mailboxId`: the mailbox that the calls are for, when the trouble is that of a connection. */
export function attentionActions(
  item: Pick<AttentionItem, 'kind' | 'id' | 'class' | 'code' | 'mailboxId'> & { body?: string },
  mailboxId: string = item.mailboxId,
): AttentionAction[] {
  const id = encodeURIComponent(item.kind.startsWith('mailbox-') ? item.id : mailboxId)
  const onMailbox = (operation: string, label: string, action: string): AttentionAction[] =>
    id === '' ? [] : [call(operation, label, `mailboxes/${id}/${action}`)]
  const reconnect = () => onMailbox('mailboxReconnect', 'Create a reconnect link', 'reconnect')
  switch (item.kind) {
    case 'mailbox-receive':
      return [
        ...(item.code === awaitingCode ? [approval(id)] : []),
        ...(item.class === 'needs-reconnect' ? reconnect() : []),
        ...onMailbox('mailboxPoll', 'Fetch mail now', 'poll'),
      ]
    case 'mailbox-send':
      return [
        ...(item.class === 'needs-reconnect' ? reconnect() : []),
        ...onMailbox('mailboxTestMail', 'Send a test mail', 'test-mail'),
      ]
    case 'mailbox-quarantine':
      return onMailbox('mailboxImport', 'Import them now', 'import')
    case 'connection':
      return item.class === 'needs-reconnect'
        ? reconnect()
        : [
            call('connectionRetry', 'Try again', `connections/${encodeURIComponent(item.id)}/retry`),
            ...onMailbox('mailboxReconnect', 'Create an approval link', 'reconnect'),
          ]
    case 'registration':
      return [
        {
          operation: 'registrationSave',
          label: 'Save a new credential …',
          method: 'PUT',
          path: `/api/v1/registrations/${encodeURIComponent(item.id)}`,
          ...(item.body === undefined || item.body === '' ? {} : { body: item.body }),
          console: `/registrations/${encodeURIComponent(item.id)}/secret`,
          asks: true,
        },
        // What ends is repaired by a new one alone.
        ...(isExpiry(item.code)
          ? []
          : [call('registrationRetry', 'Try again', `registrations/${encodeURIComponent(item.id)}/retry`)]),
      ]
    case 'sign-in': {
      const place = `sign-ins/${encodeURIComponent(item.id)}`
      return [
        call('signInConfirm', 'Confirm', `${place}/confirm`),
        { ...call('signInReject', 'Reject …', `${place}/reject`), asks: true },
      ]
    }
    case 'webhook': {
      const place = `webhooks/${encodeURIComponent(item.id)}`
      const removal = call('webhookRemove', 'Remove the webhook …', `${place}/remove`)
      return [{ ...removal, method: 'DELETE', path: `/api/v1/${place}`, asks: true }]
    }
    case 'mail-unknown': {
      const place = `mails/${encodeURIComponent(item.id)}`
      const labels = {
        sent: 'It was sent',
        'not-sent': 'It was not sent: give up',
        resend: 'Send again (may arrive twice)',
      }
      return Object.entries(labels).map(([outcome, label]) => ({
        ...call('mailResolve', label, `${place}/resolve`),
        body: JSON.stringify({ outcome }),
        console: `/${place}/resolve-${outcome}`,
        asks: true,
      }))
    }
    default:
      return []
  }
}

/** A link for the administrator whom the mailbox waits for. */
const approval = (mailboxId: string): AttentionAction => ({
  operation: 'adminConsentStart',
  label: 'Create an approval link',
  method: 'POST',
  path: '/api/v1/admin-consents',
  body: JSON.stringify({ mode: 'delegated' }),
  console: `/mailboxes/${mailboxId}/approval`,
})

/** `place`: the same below `/api/v1` and `/console`. */
const call = (operation: string, label: string, place: string): AttentionAction => ({
  operation,
  label,
  method: 'POST',
  path: `/api/v1/${place}`,
  console: `/${place}`,
})
