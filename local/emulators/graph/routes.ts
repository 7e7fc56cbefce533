/** Every emulated request below `/me` and `/users/{id}`: method, path, kind (for faults and counters), permission. */
import type { Reply } from '../loopback-server.js'
import type { Permission } from './access.js'
import { delta } from './delta.js'
import * as drafts from './drafts.js'
import * as folders from './folders.js'
import type { MailboxRequest } from './graph-state.js'
import { listMessages } from './list-messages.js'
import { sendDraft, sendMail } from './send.js'
import { createUploadSession } from './upload-session.js'

export interface Route {
  method: string
  pattern: RegExp
  kind: string
  permission: Permission
  answer: (of: MailboxRequest) => Reply | Promise<Reply>
}

const inFolder = '/mailFolders/:folder'
const one = '/messages/:id'

const table: [method: string, path: string, kind: string, permission: Permission, answer: Route['answer']][] = [
  ['GET', '', 'user', 'user', folders.getUser],
  ['GET', '/mailFolders', 'folder', 'read', folders.listFolders],
  ['POST', '/mailFolders', 'folder', 'write', folders.createFolder],
  ['GET', inFolder, 'folder', 'read', folders.getFolder],
  ['GET', `${inFolder}/childFolders`, 'folder', 'read', folders.listChildFolders],
  ['POST', `${inFolder}/childFolders`, 'folder', 'write', folders.createFolder],
  ['GET', `${inFolder}/messages`, 'list', 'read', listMessages],
  ['GET', `${inFolder}/messages/delta`, 'delta', 'read', delta],
  ['POST', `${inFolder}/messages`, 'draft', 'write', drafts.createDraft],
  ['GET', '/messages', 'list', 'read', listMessages],
  ['POST', '/messages', 'draft', 'write', drafts.createDraft],
  ['GET', one, 'message', 'read', drafts.getMessage],
  ['GET', `${inFolder}${one}`, 'message', 'read', drafts.getMessage],
  ['PATCH', one, 'patch', 'write', drafts.patchMessage],
  ['DELETE', one, 'delete', 'write', drafts.deleteMessage],
  ['GET', `${one}/$value`, 'mime', 'read', drafts.getMime],
  ['GET', `${inFolder}${one}/$value`, 'mime', 'read', drafts.getMime],
  ['POST', `${one}/move`, 'move', 'write', drafts.moveMessage],
  ['POST', `${one}/permanentDelete`, 'delete', 'write', drafts.deleteForGood],
  ['POST', `${one}/send`, 'send', 'send', sendDraft],
  ['GET', `${one}/attachments`, 'attachment', 'read', drafts.listAttachments],
  ['POST', `${one}/attachments`, 'attachment', 'write', drafts.addAttachment],
  ['POST', `${one}/attachments/createUploadSession`, 'upload-session', 'write', createUploadSession],
  ['GET', `${one}/attachments/:attachment`, 'attachment', 'read', drafts.getAttachment],
  ['GET', `${one}/attachments/:attachment/$value`, 'attachment', 'read', drafts.getAttachment],
  ['DELETE', `${one}/attachments/:attachment`, 'attachment', 'write', drafts.deleteAttachment],
  ['POST', '/sendMail', 'send', 'send', sendMail],
]

const routes: Route[] = table.map(([method, path, kind, permission, answer]) => {
  const source = path.replaceAll('$', '\\$').replace(/:(\w+)/g, '(?<$1>[^/]+)')
  return { method, pattern: new RegExp(`^${source}$`, 'i'), kind, permission, answer }
})

export interface Matched {
  route: Route
  base: string
  /** User id or address; absent for `/me`. */
  userId: string | undefined
  params: Record<string, string>
}

/** Reads `/v1.0/me/…` or `/v1.0/users/{id}/…`; OData's `mailFolders('inbox')` form counts as `mailFolders/inbox`. */
export function matchRoute(method: string, path: string): Matched | undefined {
  const plain = path
    .replace(/^\/v1\.0/, '')
    .replace(/\('([^']*)'\)/g, '/$1')
    .replace(/\(\)$/, '')
  const owner = /^\/(?:me|users\/([^/]+))(?=\/|$)/i.exec(plain)
  if (!owner) return undefined
  const rest = plain.slice(owner[0].length)
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(rest) : null
    if (!match) continue
    const params = Object.fromEntries(Object.entries(match.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)]))
    return { route, base: owner[0], userId: owner[1] && decodeURIComponent(owner[1]), params }
  }
  return undefined
}
