/**
 * A mail as a row of the table `mails`: partition `T~{first two of its id}`, row its id, columns as the fields of
 * `Mail` (model/mail.ts).
 */
import type { Mail, MailState } from '../model/mail.js'
import type { Row } from '../ports/tables.js'
import { type Columns, columnsOf } from './columns.js'

export const mailPartition = (tenant: string, mailId: string): string => `${tenant}~${mailId.slice(0, 2)}`

/** The highest version of a row this build understands. */
export const mailVersion = 1

/** A table string holds 32,768 characters; long lists continue in `name1`, `name2` … */
const chunk = 30_000
const lists = ['recipients', 'refused', 'delivered', 'history'] as const
const plain = [
  'subject',
  'mailboxId',
  'state',
  'held',
  'from',
  'messageId',
  'contentHash',
  'bytes',
  'sha256',
  'draftId',
  'handedAt',
  'attempts',
  'plannedAt',
  'notBefore',
  'deadline',
  'whenUnknown',
  'resent',
  'claim',
  'acceptedAt',
  'finalAt',
  'outboxKey',
] as const

/** Columns of the given fields only, for a merge. */
export function mailColumns(mail: Partial<Mail>): Omit<Row, 'partitionKey' | 'rowKey'> {
  const columns: Record<string, string | number | boolean> = {}
  for (const name of plain) {
    const value = mail[name]
    if (value !== undefined) columns[name] = value
  }
  if (mail.metadata !== undefined) columns['metadata'] = JSON.stringify(mail.metadata)
  for (const name of lists) {
    if (mail[name] === undefined) continue
    const text = JSON.stringify(mail[name])
    for (let part = 0; part === 0 || part * chunk < text.length; part++)
      columns[part === 0 ? name : `${name}${part}`] = text.slice(part * chunk, (part + 1) * chunk)
    // A list that became shorter must not keep an old continuation.
    columns[`${name}${Math.max(1, Math.ceil(text.length / chunk))}`] = ''
  }
  return columns
}

export function mailToRow(mail: Mail): Row {
  return { ...mailColumns(mail), partitionKey: mailPartition(mail.tenant, mail.id), rowKey: mail.id, v: mailVersion }
}

export function mailFromRow(row: Row): Mail {
  const columns = columnsOf(row)
  const { text, number, flag } = columns
  const list = <T>(column: string): T[] => {
    let json = text(column)
    for (let part = 1; text(`${column}${part}`) !== ''; part++) json += text(`${column}${part}`)
    return json === '' ? [] : (JSON.parse(json) as T[])
  }
  return {
    id: row.rowKey,
    tenant: row.partitionKey.split('~')[0] ?? '',
    mailboxId: text('mailboxId'),
    state: text('state') as MailState,
    held: flag('held'),
    from: text('from'),
    recipients: list('recipients'),
    refused: list('refused'),
    delivered: list('delivered'),
    messageId: text('messageId'),
    subject: text('subject'),
    metadata: columns.json('metadata', {}),
    contentHash: text('contentHash'),
    bytes: number('bytes'),
    sha256: text('sha256'),
    draftId: text('draftId'),
    handedAt: number('handedAt'),
    attempts: number('attempts'),
    history: list('history'),
    plannedAt: row['plannedAt'] === undefined ? plannedBefore(columns) : number('plannedAt'),
    notBefore: number('notBefore'),
    deadline: number('deadline'),
    whenUnknown: text('whenUnknown') === 'resend' ? 'resend' : 'stop',
    resent: flag('resent'),
    claim: text('claim'),
    acceptedAt: text('acceptedAt'),
    finalAt: text('finalAt'),
    outboxKey: text('outboxKey'),
  }
}

/** Builds that kept no planned start: before the first attempt only a plan puts `notBefore` behind the acceptance. */
function plannedBefore({ text, number }: Columns): number {
  const notBefore = number('notBefore')
  return number('attempts') === 0 && notBefore > Date.parse(text('acceptedAt')) ? notBefore : 0
}
