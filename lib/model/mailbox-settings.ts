import type { AfterReceive, Mailbox } from './mailbox.js'
import type { SettingValues } from './setting.js'

/** What a mailbox says itself; a choice made for its present transport is the more specific one. */
export function ownSettings({ settings = {}, receive, send }: Pick<Mailbox, 'settings' | 'receive' | 'send'>) {
  const after = receive.transport === 'none' ? undefined : receive.after
  const perSession = send.transport === 'smtp' ? send.smtp.messagesPerSession : undefined
  return {
    ...settings,
    ...(after === undefined ? {} : { afterReceive: afterReceiveText(after) }),
    ...(perSession === undefined ? {} : { messagesPerSession: perSession }),
  } as SettingValues
}

const afterReceiveText = (after: AfterReceive): string =>
  after.action === 'move' ? `move:${after.folder}` : after.action

export function parseAfterReceive(text: string): AfterReceive {
  if (text.startsWith('move:')) return { action: 'move', folder: text.slice('move:'.length) }
  return text === 'mark-read' || text === 'delete' ? { action: text } : { action: 'leave' }
}
