import type { Folder, User } from '../directory.js'
import { json, type Reply } from '../loopback-server.js'
import { jsonBody } from './drafts.js'
import { badRequest, notFound } from './graph-refusal.js'
import { graphOrigin, type MailboxRequest } from './graph-state.js'

export const getUser = (of: MailboxRequest): Reply =>
  json(200, { '@odata.context': `${graphOrigin}/v1.0/$metadata#users/$entity`, ...userJson(of.user) })

const userJson = (user: User) => ({
  id: user.oid,
  displayName: user.displayName,
  userPrincipalName: user.upn,
  mail: user.mail,
  businessPhones: [],
  givenName: user.displayName.split(' ')[0],
  surname: user.displayName.split(' ').slice(1).join(' ') || null,
})

export const listFolders = (of: MailboxRequest): Reply => {
  const top = of.mailbox.folders.filter((f) => f.parentId === undefined)
  return page(of, top)
}

export function getFolder(of: MailboxRequest): Reply {
  return json(200, folderJson(of, need(of)))
}

export function listChildFolders(of: MailboxRequest): Reply {
  const parent = need(of)
  return page(
    of,
    of.mailbox.folders.filter((f) => f.parentId === parent.id),
  )
}

/** Ten at a time without `$top`, as Graph does. */
function page(of: MailboxRequest, folders: Folder[]): Reply {
  const { path, url } = of.request
  const top = Math.min(Number(url.searchParams.get('$top') ?? 10), 100)
  const skip = Number(url.searchParams.get('$skip') ?? 0)
  const next = new URL(graphOrigin + path + url.search)
  next.searchParams.set('$skip', String(skip + top))
  return json(200, {
    value: folders.slice(skip, skip + top).map((f) => folderJson(of, f)),
    ...(skip + top < folders.length ? { '@odata.nextLink': next.href } : {}),
  })
}

export function createFolder(of: MailboxRequest): Reply {
  const name = jsonBody(of.request)['displayName']
  if (typeof name !== 'string' || !name) throw badRequest('ErrorInvalidProperty', 'displayName is missing.')
  if (of.mailbox.folders.some((f) => f.displayName === name)) {
    throw badRequest('ErrorFolderExists', `A folder with the name ${name} already exists.`)
  }
  const parent = of.params['folder'] ? need(of) : undefined
  return json(201, folderJson(of, of.mailbox.createFolder(name, parent?.id)))
}

function need(of: MailboxRequest): Folder {
  const folder = of.mailbox.folder(of.params['folder']!)
  if (!folder) throw notFound()
  return folder
}

function folderJson(of: MailboxRequest, folder: Folder) {
  const messages = of.mailbox.in(folder)
  return {
    id: folder.id,
    displayName: folder.displayName,
    parentFolderId: folder.parentId ?? 'AQMkADmsgfolderroot',
    childFolderCount: of.mailbox.folders.filter((f) => f.parentId === folder.id).length,
    totalItemCount: messages.length,
    unreadItemCount: messages.filter((m) => !m.isRead).length,
    isHidden: false,
  }
}
